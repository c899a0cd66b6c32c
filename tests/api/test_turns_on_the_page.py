"""Instruments that take turns, as the owner sets and sees them, on virtual time."""

from caller import Caller
from phone import Script

BUSY = {"turn_min": 5, "check_s": 86400, "poll_s": 20}


def instrument(owner: Caller) -> str:
    line = next(line for line in reversed(owner.world.lines) if " instrument=" in line)
    return line.partition(" instrument=")[2].partition(" ")[0]


def test_a_form_without_a_script_sets_them_and_takes_them_back() -> None:
    owner = Caller(**BUSY)

    def script() -> Script:
        yield from owner.ready()
        fields = {"instrument": "sp500", "sensitivity": "100", "stream": "False", "turn_min": "7",
                  "quiet_from": "00:00", "quiet_to": "00:00", "tz": ""}  # fmt: skip
        body = [*fields.items(), ("rotation[]", ""), ("rotation[]", "dax"), ("rotation[]", "btc")]
        answer = yield from owner.fill_pairs(body)
        assert answer.status == 200 and "Stored" in answer.body
        found = owner.config()
        assert (found["rotation"], found["turn_min"]) == (["dax", "btc"], 7)
        assert found["instrument"] == "sp500"  # what an older release shows
        yield from owner.until(owner.world.follows)
        yield from owner.wait(20)  # it begins anew, and takes no other change for 10 s
        page = (yield from owner.fetch("/")).body
        assert page.count(" checked>") == 2 and 'value="dax" checked' in page
        assert "one of 3 that take turns" in page
        answer = yield from owner.fill_pairs([*fields.items(), ("rotation[]", "")])
        assert answer.status == 200 and owner.config()["rotation"] == []

    owner.run(script())


def test_the_api_says_which_is_shown_and_which_take_turns() -> None:
    owner = Caller(rotation=["btc", "dax"], **BUSY)
    seen: set[str] = set()

    def script() -> Script:
        yield from owner.ready()
        for _ in range(6):
            yield from owner.until(owner.world.follows)
            status = (yield from owner.fetch("/api/v1/status")).json
            assert status["turns"] == ["sp500", "btc", "dax"]
            assert status["instrument"] == instrument(owner) and "take turns" in status["words"]
            seen.add(status["instrument"])
            yield from owner.wait(200)

    owner.run(script(), 3000)
    assert seen == {"sp500", "btc", "dax"}
    assert owner.world.events == ["boot ota_0 cause 1"]


def test_a_change_while_they_take_turns_is_followed_at_once() -> None:
    owner = Caller(rotation=["btc", "dax"], **BUSY)

    def script() -> Script:
        yield from owner.ready()
        done = yield from owner.put("/api/v1/config", {"rotation": ["nikkei225", "eth"]})
        assert done.status == 200
        mark = len(owner.world.lines)
        yield from owner.wait(1200)
        shown = {line.partition(" instrument=")[2].partition(" ")[0]
                 for line in owner.world.lines[mark:] if " instrument=" in line}  # fmt: skip
        assert shown == {"sp500", "eth"}  # in Tokyo it is night
        done = yield from owner.put("/api/v1/config", {"rotation": []})
        assert done.status == 200
        mark = len(owner.world.lines)
        yield from owner.wait(1200)
        lines = [line for line in owner.world.lines[mark:] if " instrument=" in line]
        assert lines and all(" instrument=sp500 " in line for line in lines)

    owner.run(script(), 4000)
    assert not owner.world.said("Traceback")


def test_where_the_new_one_has_no_price_the_beam_does_not_show_the_old_ones() -> None:
    owner = Caller(**BUSY)

    def script() -> Script:
        yield from owner.ready()
        assert " level=no " in owner.world.lines[-1]
        owner.device.net.hosts.clear()
        done = yield from owner.put("/api/v1/config", {"instrument": "dax"})
        assert done.status == 200
        yield from owner.hears("state=NO_DATA instrument=dax")
        yield from owner.wait(20)
        assert " level=yes " in owner.world.lines[-1]

    owner.run(script())


def test_settings_that_are_none_change_nothing() -> None:
    owner = Caller(rotation=["btc"], **BUSY)
    bad = [["nosuch"], ["btc", "btc"], "btc", [1], {"btc": 1}, None, [[]], ["cnbc"], ["BTC"]]

    def script() -> Script:
        yield from owner.ready()
        before = owner.config()
        for rotation in bad:
            answer = yield from owner.put("/api/v1/config", {"rotation": rotation})
            assert answer.status == 400 and "rotation" in answer.json["error"], rotation
        for minutes in (4, 241, -1, "30", 7.5, None, True):
            answer = yield from owner.put("/api/v1/config", {"turn_min": minutes})
            assert answer.status == 400, minutes
        assert owner.config() == before

    owner.run(script())


def test_a_paste_and_the_console_say_both() -> None:
    owner = Caller(rotation=["btc", "dax"], **BUSY)

    def script() -> Script:
        yield from owner.ready()
        text = (yield from owner.fetch("/api/v1/diag")).body
        assert f"\nfeed.instrument: {instrument(owner)}\n" in text
        assert "\nset.rotation: btc dax\n" in text and "\nset.instrument: sp500\n" in text
        owner.device.type(b"status\n")
        yield from owner.hears("feed.instrument: ")
        line = next(line for line in owner.world.lines if line.startswith("feed.instrument: "))
        assert line == f"feed.instrument: {instrument(owner)}"

    owner.run(script())
