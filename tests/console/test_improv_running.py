"""A client of Improv at a seesaw that is set up and runs: on a whole device, in virtual time."""

import json
import random
from collections.abc import Callable

import pytest
from rig import World, new_flash, release
from test_console import DAY_S, Person, Script, lines, pastes
from test_console_without_room import full

OLD, NEW = release("0.1.0"), release("0.2.0")
READY, TRYING, JOINED = 2, 3, 4  # states
INVALID, UNKNOWN, NOT_JOINED = 1, 2, 3  # errors
URL = b"http://10.0.0.2/"
HALF = ("improving.py", "class Improving:\n", """import seesaw

if not hasattr(seesaw, "planted"):
    seesaw.planted = True
    raise MemoryError


class Improving:
""")  # fmt: skip


def packet(kind: int, data: bytes) -> bytes:
    made = b"IMPROV\x01" + bytes((kind, len(data))) + data
    return made + bytes((sum(made) & 255,))


def rpc(command: int, data: bytes = b"") -> bytes:
    return packet(3, bytes((command, len(data))) + data)


def wifi(ssid: bytes, password: bytes) -> bytes:
    return rpc(1, bytes((len(ssid),)) + ssid + bytes((len(password),)) + password)


def result(command: int, *texts: bytes) -> bytes:
    data = b"".join(bytes((len(text),)) + text for text in texts)
    return packet(4, bytes((command, len(data))) + data) + b"\n"


def state(number: int) -> bytes:
    return packet(1, bytes((number,))) + b"\n"


def error(number: int) -> bytes:
    return packet(2, bytes((number,))) + b"\n"


class Client(Person):
    """Who sends packets, and reads what comes back between the lines."""

    def send(self, raw: bytes, seconds: float = 2) -> Script:
        self.device.type(raw)
        yield from self.wait(seconds)

    def answers(self, *scripts: Script, **cut: tuple[int, str]) -> bytes:
        """All that was written beside lines."""

        def script() -> Script:
            for one in scripts:
                yield from one

        self.text = self.run(script(), 900, **cut)
        return bytes(self.device.written)

    def config(self) -> dict[str, object]:
        blobs = self.blobs()
        found: dict[str, object] = json.loads(blobs.get("config") or blobs["config_b"])
        return found

    def undisturbed(self) -> bool:
        return self.world.events == ["boot ota_0 cause 1"] and self.follows()


def test_it_says_that_it_is_set_up_where_its_page_is_and_who_it_is() -> None:
    client = Client()
    found = client.answers(client.send(rpc(2)), client.send(rpc(3)), client.send(rpc(4), 5))

    about = result(3, b"seesaw", b"0.1.0", b"esp32_wrover", b"seesaw-000001")
    scan = result(4, b"home", b"-55", b"YES") + result(4)
    assert found == state(JOINED) + result(2, URL) + about + scan
    assert client.undisturbed() and "Traceback" not in client.text


def test_what_it_does_not_know_and_what_is_wrong() -> None:
    client = Client()
    spoilt = rpc(2)[:-1] + b"\x99"
    sent = [client.send(raw) for raw in (rpc(7), rpc(5), spoilt, rpc(1, b"\x04home"), state(4))]

    assert client.answers(*sent) == error(UNKNOWN) * 2 + error(INVALID) * 2
    assert client.undisturbed()


def test_without_its_network_it_is_ready_for_another_one() -> None:
    client = Client()
    client.device.around.air.clear()

    assert client.answers(client.send(rpc(2), 15)) == state(READY)


def test_a_client_may_be_there_before_the_app() -> None:
    """What waits in the port and what comes in the app's first moment are one packet."""
    client = Client(typed_at_s=0)
    sent = rpc(2)
    client.device.type(sent[:7])  # none of these bytes is a Ctrl-C; of the others two are

    def script() -> Script:
        calls = client.device.board.calls
        connect = calls["wlan_connect"]

        def connected(*network: object) -> object:
            assert client.now_s < 0.5, "the app's follower begins with it"
            client.device.type(sent[7:])
            return connect(*network)

        calls["wlan_connect"] = connected
        yield from client.wait(2)

    assert client.answers(script()) == state(READY)
    assert client.world.events == ["boot ota_0 cause 1"] and client.follows()


def test_text_and_packets_share_the_line() -> None:
    client = Client()
    found = client.answers(
        client.send(b"sta" + rpc(2) + b"tus\n" + rpc(3) + b"\xfflog\n"),
        client.send(b"x" * 90 + rpc(2) + b"\n"),
        client.type("diag"),
    )

    assert found.count(state(JOINED)) == 2 and found.count(b"\x06seesaw") == 1
    assert client.text.count("> status") == 1 and "> log" not in client.text
    assert len(pastes(client.text)) == 1 and client.undisturbed()


def test_another_network_is_joined_and_only_then_kept() -> None:
    client = Client(rotation=["dax"])
    client.device.around.air["caf\u00e9"] = "p\u00e4ssword"
    before = client.config()

    def watch() -> Script:
        client.device.type(wifi("caf\u00e9".encode(), "p\u00e4ssword".encode()))
        while b"IMPROV\x01\x04" not in client.device.written:
            if not client.device.board.radio.carries:
                assert client.config() == before
            yield
        yield from client.wait(15)

    found = client.answers(watch())
    assert found == error(0) + state(TRYING) + state(JOINED) + result(1, URL)
    assert client.config() == {**before, "ssid": "caf\u00e9", "password": "p\u00e4ssword"}
    assert "event=wifi slot=ota_0 version=0.1.0 words=joined, and kept" in client.text
    assert client.undisturbed()


@pytest.mark.parametrize(
    ("ssid", "password"), [(b"home", b"wrong password"), (b"elsewhere", b"password")]
)
def test_what_does_not_join_changes_nothing_and_it_goes_back(ssid: bytes, password: bytes) -> None:
    client = Client()
    before = client.blobs()
    found = client.answers(client.send(wifi(ssid, password), 5), client.send(rpc(2)),
                           client.send(wifi(b"home", b"password")), client.wait(40),
                           client.send(rpc(2)))  # fmt: skip

    tried = error(0) + state(TRYING) + state(TRYING) + error(NOT_JOINED)  # one at a time
    assert found.startswith(tried + error(NOT_JOINED) + state(READY))
    assert found.endswith(state(JOINED) + result(2, URL))
    assert client.blobs()["config"] == before["config"] and "config_b" not in client.blobs()
    assert "words=not joined: " in client.text and client.undisturbed()
    assert client.device.board.radio.limit == 0, "it goes on trying for ever"


@pytest.mark.parametrize("given", [wifi(b"", b"password"), wifi(b"home", b"short"),
                                   wifi(b"home", b"\xff" * 9),
                                   wifi(b"x" * 33, b"password")])  # fmt: skip
def test_what_can_be_no_network_is_not_tried(given: bytes) -> None:
    client = Client()

    assert client.answers(client.send(given)) == error(NOT_JOINED)
    assert client.undisturbed()


def test_without_room_for_them_the_old_ones_stay() -> None:
    client = Client()
    client.device.around.air["other"] = "password"
    before = client.blobs()["config"]

    def script() -> Script:
        client.device.board.calls["nvs_set_blob"] = full
        yield from client.send(wifi(b"other", b"password"), 30)

    found = client.answers(script())
    assert found.endswith(error(NOT_JOINED) + state(READY))
    assert client.blobs()["config"] == before and "words=OSError: not kept" in client.text
    assert client.undisturbed()


def test_a_power_cut_at_any_operation_leaves_the_old_ones_or_the_new() -> None:
    seen = set()
    for op in range(1, 60):
        client = Client()
        client.device.around.air["other"] = "password"
        before = client.config()
        client.answers(client.send(wifi(b"other", b"password"), 8),
                       cut=(op, "before" if op % 2 else "after"))  # fmt: skip
        blob = client.config()
        assert blob in (before, {**before, "ssid": "other", "password": "password"})
        seen.add(blob["ssid"])
        if client.outcome.reason != "cut":
            break
        client.world.run(60, until=client.world.follows)
        assert client.world.follows()
    assert client.outcome.reason == "until" and seen == {"home", "other"}


def test_torn_spoilt_and_flooding_packets_harm_neither_beam_nor_console() -> None:
    chance = random.Random(38)
    client = Client(poll_s=5)
    good = (rpc(2), rpc(3), rpc(7), wifi(b"home", b"short"))

    def script() -> Script:
        for _ in range(60):
            raw = bytearray(chance.choice(good) * chance.randrange(1, 4))
            # A header is spared: behind none, the 3 of every command is the way to the prompt.
            for at in range(8, len(raw)):
                if not chance.randrange(20) and raw.rfind(b"I", at - 8, at + 1) < 0:
                    raw[at] = chance.choice((0, 5, 9, 13, 77, 128, 255))
            client.device.type(bytes(raw[: chance.randrange(8, len(raw) + 1)]))
            yield from client.wait(chance.randrange(3))
        yield from client.wait(10)
        client.device.written.clear()
        yield from client.send(rpc(2) * 50, 20)
        yield from client.type("")
        yield from client.type("status")

    client.text = client.run(script(), 900)
    assert bytes(client.device.written) == (state(JOINED) + result(2, URL)) * 50
    assert "Working. Nothing to do." in client.text and "Traceback" not in client.text
    assert client.undisturbed()


def test_ctrl_c_between_packets_is_still_the_way_to_the_prompt() -> None:
    client = Client()

    def script() -> Script:
        yield from client.send(rpc(2))
        client.device.type(rpc(2) + b"\x03")
        while len(client.world.events) < 3:
            yield

    client.run(script(), 1200)
    assert client.world.events == ["boot ota_0 cause 1", "reset watchdog", "boot ota_0 cause 3"]


@pytest.mark.parametrize("raw", [rpc(2) * 3, wifi(b"other", b"password"), rpc(4), b"\x03" * 5])
def test_in_a_trial_packets_are_dropped(raw: bytes) -> None:
    world = World(new_flash(OLD, check_s=5), [OLD, NEW], offered=NEW)
    world.device.around.air["other"] = "password"
    typed: list[str] = []

    def look() -> bool:
        last = world.lines[-1] if world.lines else ""
        # The trial is over at 22 s; what comes in its last half second is read behind it.
        on = world.said("event=prove ") and world.device.clock.now_us < 19e6
        if on and not world.device.typed:
            world.device.type(raw)
            typed.append(last.partition(" slot=")[0].partition(" instrument")[0])
        return world.said("event=confirmed") and world.device.clock.now_us > 150e6

    world.run(900, until=look)
    assert len(typed) > 2 and len(set(typed)) > 1, "also while the app is on trial"
    assert not world.device.typed
    assert world.confirmed("0.2.0") and not world.device.written
    assert len([line for line in world.events if line.startswith("boot")]) == 2


def test_a_device_whose_app_always_crashes_answers_too() -> None:
    bad = release("0.1.0", ("wiring.py", "    settings.update(tuning", "    raise ValueError\n"
                            "    settings.update(tuning"))  # fmt: skip
    client = Client(bad)

    def script() -> Script:
        client.world.updates.handler = lambda request: None
        while b"\x06seesaw" not in client.device.written:
            # In the pause after a crash nobody listens, and a command's 3 would be a Ctrl-C.
            if client.world.lines[-1].startswith("seesaw state=UPDATING"):
                yield from client.send(rpc(2) + rpc(3) + wifi(b"home", b"password") + rpc(4))
            yield

    found = client.answers(script())
    assert found.startswith((state(READY), state(JOINED) + result(2, b"")))  # it has no page
    assert found.endswith(error(UNKNOWN) * 2)
    assert client.config()["ssid"] == "home"


def test_without_memory_for_it_the_next_packet_is_answered() -> None:
    client = Client(release("0.1.0", HALF))
    found = client.answers(client.send(rpc(2)), client.send(rpc(2)))

    assert found == state(JOINED) + result(2, URL)
    assert client.text.count("console: MemoryError") == 1 and client.undisturbed()


def test_it_lets_go_of_what_it_has_loaded() -> None:
    told = "        self.said = True\n"
    telling = f"{told}        import sys\n        print('loaded', *sorted(sys.modules))\n"
    client = Client(release("0.1.0", ("app.py", told, telling)), poll_s=5)
    client.answers(client.send(rpc(2)), client.send(rpc(4), 5), client.type("log"), client.wait(9))

    found = [line.split() for line in client.text.splitlines() if line.startswith("loaded ")]
    stayed = {name.removeprefix("seesaw.") for name in set(found[-1]) - set(found[0])}
    small = {"config", "data.maker", "setup", "unload", "update", "port.lan", "port.station",
             "update.otadata"}  # fmt: skip
    assert "typed" in stayed <= {"typed"} | small


def test_help_is_as_ever_behind_it() -> None:
    script: Callable[[Person], Script] = lines("help")
    client = Client(check_s=DAY_S)
    client.answers(client.send(rpc(2)), script(client))
    assert "factory-reset  forget the owner" in client.text
