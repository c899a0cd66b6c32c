"""`seesaw recipe`: what it shows, what it refuses, and where."""

import codecs
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools import cli
from host_tools.market import json_lines, recipes
from host_tools.market.http1 import Reply
from host_tools.market.site import Site, serve

CAPTURES = Path(__file__).parents[1] / "feeds/captures"
SHIPPED = recipes.SHIPPED.read_text()
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def go(*arguments: object) -> tuple[int, str, str]:
        code = cli.main(["recipe", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return go


def test_the_shipped_set_is_clean(run: Run) -> None:
    code, out, _ = run("lint")

    assert code == 0
    assert "12 recipes for 16 instruments" in out
    assert json.loads(run("lint", "--json")[1])["problems"] == []


@pytest.mark.parametrize(
    ("old", "new", "at", "rule"),
    [
        ('"price": "last",\n      "base": [["open24", "open_24"]]',
         '"price": 5,\n      "base": [["open24", "open_24"]]', '"price": 5', "text of 1 to 160"),
        ("https://www.bitstamp.net", "https://evil.example", "evil.example", "the signed list"),
        ('"shift": "data/f59"', '"shfit": "data/f59"', '"shfit"', "no such field"),
        ('"XLON"', '"LSE"', '"LSE"', "one of"),
        ('["etf", "EWU"]', '["efts", "EWU"]', '"efts"', "no provider efts"),
        ('"key": "eodhd.com"', '"key": "evil.example"', '"key": "evil', "no other gets it"),
        ('"format": 2', '"format": 3', '"format": 3', "2 was expected"),
    ],
)  # fmt: skip
def test_a_broken_rule_is_named_with_its_line(
    run: Run, tmp_path: Path, old: str, new: str, at: str, rule: str
) -> None:
    text = SHIPPED.replace(old, new)
    (tmp_path / "feeds.json").write_text(text)
    line = text[: text.index(at)].count("\n") + 1

    code, out, _ = run("lint", tmp_path / "feeds.json")
    assert code == 1
    assert any(f":{line}: " in said and rule in said for said in out.splitlines()), out
    code, _, err = run("test", tmp_path / "feeds.json")
    assert code == 2 and "recipe lint" in err


@pytest.mark.parametrize(
    ("raw", "line", "rule"),
    [
        (b'{"format": 2,\n"hosts": [}', 2, "not JSON"),
        (b"", 1, "not JSON"),
        (b"\xff", 1, "not JSON"),
        (b'{"format": 2, "format": 2}', 1, "twice"),
        (b'{"a": {"b": 1},\n"b": [{"a": 1},\n{"a": 1}],\n"a": 2}', 4, "'a' is there twice"),
        (b'{"a":\n[1,\n-Infinity]}', 3, "-Infinity is no number"),
        (b'{"a": "NaN, Infinity",\n"b": %s}' % (b"1" * 5000), 2, "limit"),
        (b"[" * 100_000, 1, "not JSON"),
        (b"5", 1, "not format 2"),
        (b"null", 1, ""),
        (codecs.BOM_UTF8 + SHIPPED.encode(), 1, "BOM"),
        (SHIPPED.encode("utf-16"), 1, "not JSON"),
        (SHIPPED.replace("{", '{"about": NaN,', 1).encode(), 1, "NaN is no number"),
    ],
)
def test_what_is_no_set(raw: bytes, line: int, rule: str) -> None:
    found = recipes.problems(raw)

    assert found and found[0].line == line
    assert rule in found[0].rule


def with_base(base: list, *names: str) -> bytes:
    """What ships, with that way to the baseline in these recipes."""
    found = json.loads(SHIPPED)
    for name in names:
        found["providers"][name]["base"] = base
        found["providers"][name].pop("rolled", None)
    return json.dumps(found, indent=1).encode()


CRYPTO = ("bitstamp", "coinbase", "kraken", "binance")


def test_a_set_that_never_begins_is_told_by_its_instruments() -> None:
    stored, either = [["stored"]], [["stored"], ["open", "open"]]
    found = recipes.problems(with_base(stored, *CRYPTO))
    # A relay has another way, but it waits for a base of the owner's.
    assert [one.where for one in found] == [
        f"instruments/{name}/feeds" for name in ("btc", "eth", "sol", "xrp", "ltc")
    ]
    assert all("stored" in one.rule and one.line > 1 for one in found)
    assert recipes.problems(with_base(either, *CRYPTO)) == []
    assert recipes.problems(with_base(stored, *CRYPTO[:3])) == []  # the fourth begins
    # A fund's price is no close of the index.
    index = recipes.problems(with_base(stored, "cnbc", "eastmoney", "cboe", "tencent", "yahoo"))
    assert len(index) == 11 and index[0].where == "instruments/sp500/feeds"


def test_the_command_names_them(run: Run, tmp_path: Path) -> None:
    (tmp_path / "feeds.json").write_bytes(with_base([["stored"]], *CRYPTO))
    code, out, _ = run("lint", tmp_path / "feeds.json")
    assert code == 1 and "instruments/btc/feeds: " in out


@given(st.binary(max_size=200))
def test_any_bytes_have_a_problem_in_words(raw: bytes) -> None:
    assert recipes.problems(raw)[0].rule


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner),
    max_leaves=15,
)


@given(JSON, st.sampled_from([0, 2]))
def test_every_value_has_its_line(value: object, indent: int) -> None:
    text = json.dumps(value, indent=indent)
    found = json_lines.lines(text)

    def check(value: object, path: json_lines.Path) -> None:
        line = text.splitlines()[found[path] - 1]
        if path and isinstance(path[-1], str):
            assert json.dumps(path[-1]) + ":" in line
        elif not isinstance(value, dict | list):
            assert json.dumps(value) in line
        items = value.items() if isinstance(value, dict) else enumerate(
            value if isinstance(value, list) else [])  # fmt: skip
        for key, below in items:
            check(below, (*path, key))

    check(value, ())


def test_a_capture_shows_what_is_found(run: Run) -> None:
    which = ("--provider", "cnbc", "--instrument", "sp500", "--against")
    code, out, _ = run("test", *which, CAPTURES / "cnbc.json")

    assert code == 0
    assert "last = 7,764.64" in out
    assert "7764.64 against 7719.34 (+0.59 %), 2026-07-02T03:36:00Z, open" in out


def test_a_capture_shows_which_rule_refused_it(run: Run) -> None:
    which = ("--provider", "coinbase", "--instrument", "btc", "--against")
    code, out, _ = run("test", *which, CAPTURES / "coinbase.json")
    assert code == 1 and "refused: time: an absurd time" in out
    dated = (*which, CAPTURES / "coinbase.json", "--date", "Wed, 02 Sep 2026 19:45:00 GMT")
    (found,) = json.loads(run("test", *dated, "--json")[1])
    assert found["quote"]["time_s"] == 1_788_378_300 and found["refused"] == ""


def test_times_without_a_zone_are_the_exchanges(run: Run) -> None:
    for provider, instrument, name, time in (
        ("cboe", "sp500", "cboe.json", "19:44:00Z"),
        ("etf", "dow", "etf.json", "19:44:00Z"),
        ("tencent", "shanghai", "tencent-shanghai.txt", "07:00:03Z"),
    ):
        which = ("--provider", provider, "--instrument", instrument, "--against", CAPTURES / name)
        code, out, _ = run("test", *which)
        assert code == 0 and time in out


def test_without_an_answer_it_says_what_it_would_ask(run: Run) -> None:
    code, out, _ = run("test", "--instrument", "nifty50", "--key", "eodhd=abc")

    assert code == 0
    assert "nifty50 by eodhd: https://eodhd.com/api/real-time/NSEI.INDX?api_token=abc" in out
    assert "relay" not in out


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--provider", "x"), "one of cnbc"),
        (("--instrument", "x"), "one of sp500"),
        (("--provider", "eodhd"), "needs the owner's key"),
        (("--provider", "relay"), "needs a base URL"),
        (("--provider", "cboe", "--instrument", "btc"), "no feed of the set"),
        (("--key", "x"), "PROVIDER=VALUE"),
        (("--against", "nothing-there"), "name a file"),
        (("--live", "--against", "x"), "not allowed with"),
    ],
)
def test_what_cannot_be_asked(run: Run, arguments: tuple, why: str) -> None:
    code, _, err = run("test", *arguments)

    assert code == 2 and why in err


@pytest.fixture
def provider() -> Iterator[tuple[str, Site]]:
    def answer(request: object) -> Reply:
        path = request.path  # type: ignore[attr-defined]
        if path.startswith("/quotes/dow"):
            return Reply(404, body=b"{}")
        return Reply(200, body=(CAPTURES / "relay.json").read_bytes())

    site = Site(answer, lambda: 1_788_378_300)
    with serve(site) as server:
        yield server.url, site


def test_live_asks_once_by_the_firmwares_own_http(run: Run, provider: tuple[str, Site]) -> None:
    url, site = provider
    which = ("--live", "--provider", "relay", "--base", f"relay={url}", "--json")
    (found,) = json.loads(run("test", *which, "--instrument", "sp500")[1])
    assert (found["status"], found["quote"]["price"]) == (200, 7764.64)

    code, out, _ = run("test", *which, "--instrument", "dow")
    assert code == 1 and json.loads(out)[0]["refused"] == "status 404"
    code, out, _ = run("test", *which, "--instrument", "dax")
    assert code == 1 and json.loads(out)[0]["refused"] == "echo: another symbol"
    assert len(site.log) == 3


def test_live_says_when_nobody_is_there(run: Run) -> None:
    which = ("--live", "--provider", "relay", "--base", "relay=http://127.0.0.1:9")
    code, out, _ = run("test", *which, "--instrument", "sp500")

    assert code == 1 and "refused: " in out
