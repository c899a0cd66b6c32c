"""What a set may say: the firmware's check against the JSON Schema, and rules that need both."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from answers import SHIPPED, SHIPPED_FILE, SPARE
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from seesaw.core.recipe import Recipe
from seesaw.core.stream import Messages
from seesaw.data import feeds
from seesaw.data.part import whose

from host_tools.market.streams import NAMES, RECIPES

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "host_tools/market/feeds.schema.json").read_text()
)
VALIDATOR = Draft202012Validator(SCHEMA)
DROPPED: Any = object()

SMALL: dict[str, Any] = {
    "format": 2,
    "hosts": ["a.example"],
    "providers": {
        "p": {"url": "https://a.example/{symbol}", "price": "x", "base": [["close", "y"]],
              "time": [["s", "t"]]},
    },
    "instruments": {
        "sp500": {"title": "S&P 500", "exchange": "XNYS", "sigma": 1.13, "band": [1000, 50000],
                  "feeds": [["p", "SPX"]]},
    },
}  # fmt: skip
RECIPE = ("providers", "p")
STREAM: dict[str, Any] = {
    "url": "wss://a.example/ws/{lower}", "subscribe": '{"to":"{echo}"}', "is": ["e", "ticker"],
    "error": ["error", None, "error/msg"], "price": "data/[0]/c", "percent": "p", "time": "t",
    "as": "iso", "echo": "s", "quiet_s": 300,
}  # fmt: skip
ENTRY = ("instruments", "sp500")


def changed(path: tuple, value: Any) -> dict[str, Any]:
    made = copy.deepcopy(SMALL)
    place = made
    for step in path[:-1]:
        place = place[step]
    if value is DROPPED:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return made


def refusal(found: Any) -> str:
    """The rule of the firmware's check; "" when it takes the set."""
    try:
        feeds.check(json.dumps(found).encode())
    except ValueError as error:
        return str(error) or "?"
    return ""


TAKEN: list[tuple[tuple, Any]] = [
    ((*RECIPE, "about"), "words"),
    ((*RECIPE, "url"), "http://a.example/?q={symbol}&e={echo}"),
    ((*RECIPE, "url"), "{base}/quotes/{symbol}"),
    ((*RECIPE, "headers"), {"Referer": "https://a.example/{symbol}", "User-Agent": "seesaw"}),
    ((*RECIPE, "price"), ["x", "a/*/[0]/[symbol={symbol}]/05. price"]),
    ((*RECIPE, "price"), "/x"),
    ((*RECIPE, "within"), "data/[0]"),
    ((*RECIPE, "base"), [["stored"], ["change", "c"], ["percent", "p"], ["open", "o"]]),
    ((*RECIPE, "rolled"), "c"),
    ((*RECIPE, "time"), [["s", "t"], ["ms", "u"], ["iso", "v"], ["local", "w", -840], ["date"]]),
    ((*RECIPE, "time"), [["local", "w", "EST5EDT,M3.2.0,M11.1.0"]]),
    ((*RECIPE, "echo"), "symbol"),
    ((*RECIPE, "echo_if_there"), "symbol"),
    ((*RECIPE, "good"), [["code", "0", "200"]]),
    ((*RECIPE, "bad"), ["Note", "Error Message", "error/[0]"]),
    ((*RECIPE, "open"), True),
    ((*RECIPE, "open"), ["s", ["REG"], "*"]),
    ((*RECIPE, "open"), ["s", [], ["CLOSED"]]),
    ((*RECIPE, "no_value"), ["n/a"]),
    ((*RECIPE, "factor"), 0.01),
    ((*RECIPE, "shift"), "f59"),
    ((*RECIPE, "delay_s"), 900),
    ((*RECIPE, "poll_s"), 1),
    ((*RECIPE, "proxy"), False),
    ((*RECIPE, "roots"), ["isrg-x1", "gts-r4"]),
    ((*RECIPE, "tolerance"), 0.5),
    ((*RECIPE, "stream"), STREAM),
    ((*RECIPE, "stream"), {"url": "ws://a.example:81", "price": "c", "baseline": "o"}),
    ((*RECIPE, "stream"), STREAM | {"subscribe": None, "error": ["type", "error", "message"]}),
    ((*ENTRY, "feeds"), [["p", "SPX", "^SPX"], ["p", "BTC/USD"]]),
    ((*ENTRY, "band"), [0.05, 500]),
    (("about",), "words"),
]  # fmt: skip

REFUSED: list[tuple[tuple, Any, str]] = [
    (("format",), 1, "format 2"), (("format",), "2", "format 2"), (("format",), DROPPED, "format"),
    (("more",), 1, "no such field"), (("hosts",), [], "hosts"), (("hosts",), "a", "hosts"),
    (("hosts",), ["A.example"], "hosts"), (("hosts",), ["a.example/x"], "hosts"),
    (("hosts",), [5], "hosts"), (("providers",), {}, "providers"),
    (("providers",), [], "providers"),
    (("providers", "P"), SMALL["providers"]["p"], "names"), (RECIPE, [], "an object"),
    (("instruments",), DROPPED, "missing"), (ENTRY, None, "an object"),
    *(((*RECIPE, name), DROPPED, "missing") for name in ("url", "price", "base", "time")),
    *(((*ENTRY, name), DROPPED, "missing") for name in SMALL["instruments"]["sp500"]),
    ((*RECIPE, "code"), "import os", "no such field"),
    *(((*RECIPE, "url"), url, "url") for url in (
        "", 5, "ftp://a.example/", "a.example/x", "https://a.example", "https://A.example/",
        "https://{symbol}/x", "https://a.example/{path}", "https://a.example/ x", "https://a/#x",
        "https://u@a.example/", "https://a.example/\r\nHost: b", "https://a.example/é",
        "https://a.example/" + "x" * 300, "{base}", "x{base}/")),
    *(((*RECIPE, "headers"), headers, "headers") for headers in (
        [], {"Host": "b"}, {"Cookie": "a"}, {"X\r\nY": "a"}, {"X": "a\r\nHost: b"}, {"": "a"},
        {"X": 5}, {"X": ""}, {"X:": "a"}, {"RANGE": "a"}, dict.fromkeys("abcdefg", "x"))),
    *(((*RECIPE, "price"), path, "price") for path in (
        "", 5, None, [], "a//b", "[", "[x]", "[1", "a/" * 8 + "b", "x" * 49, "é", ["x"] * 7,
        "//x")),
    *(((*RECIPE, "base"), base, "base") for base in (
        [], [[]], ["close"], [["close"]], [["close", "x", "y"]], [["stored", "x"]], [["eval", "x"]],
        [["close", 5]], {}, [None])),
    *(((*RECIPE, "time"), time, "time") for time in (
        [], [["s"]], [["date", "x"]], [["s", "t", 60]], [["local", "t", 841]],
        [["local", "t", 1.5]],
        [["local", "t", ""]], [["local", "t", "$(x)"]], [["epoch", "t"]], "t", [["local"]],
        [["local", "t", True]])),
    ((*RECIPE, "good"), [["code"]], "good"), ((*RECIPE, "good"), [["code", 0]], "good"),
    ((*RECIPE, "bad"), [], "bad"), ((*RECIPE, "bad"), "Note", "bad"),
    *(((*RECIPE, "open"), rule, "open") for rule in (
        False, "x", ["s", ["A"]], ["s", "A", "*"], ["s", ["A"], "x"], ["s", ["x" * 25], "*"])),
    ((*RECIPE, "form"), "xml", "form"), ((*RECIPE, "separator"), ";", "separator"),
    ((*RECIPE, "no_value"), "NA", "no_value"), ((*RECIPE, "no_value"), [""], "no_value"),
    *(((*RECIPE, "factor"), factor, "factor") for factor in (0, -1, 1e7, True, "1")),
    ((*RECIPE, "delay_s"), -1, "delay_s"), ((*RECIPE, "delay_s"), 86401, "delay_s"),
    ((*RECIPE, "poll_s"), 0, "poll_s"), ((*RECIPE, "poll_s"), 1.5, "poll_s"),
    ((*RECIPE, "proxy"), 1, "proxy"), ((*RECIPE, "roots"), [], "roots"),
    ((*RECIPE, "roots"), "isrg-x1", "roots"), ((*RECIPE, "roots"), ["ISRG Root X1"], "roots"),
    ((*RECIPE, "tolerance"), 11, "tolerance"),
    *(((*RECIPE, "stream"), stream, "stream") for stream in (
        [], None, {}, {"url": "wss://a.example", "price": "c"}, STREAM | {"code": "x"},
        STREAM | {"url": "https://a.example/"}, STREAM | {"url": "wss://{symbol}/"},
        STREAM | {"url": "wss://u@a.example/"}, STREAM | {"url": "wss://a.example?x"},
        STREAM | {"url": "wss://a.example/\r\nX"}, STREAM | {"url": "wss://a.example/" + "x" * 256},
        STREAM | {"subscribe": ""}, STREAM | {"subscribe": "x" * 401}, STREAM | {"price": "a//b"},
        STREAM | {"price": "[x]"}, STREAM | {"price": "x" * 61}, STREAM | {"price": ["c"]},
        STREAM | {"baseline": "o"}, STREAM | {"as": "date"}, {**STREAM, "is": ["e"]},
        STREAM | {"is": ["e", None]}, STREAM | {"error": ["e", None]}, STREAM | {"quiet_s": 9},
        STREAM | {"quiet_s": 901}, STREAM | {"quiet_s": True},
        {name: STREAM[name] for name in STREAM if name != "as"},
        {name: STREAM[name] for name in STREAM if name != "time"})),
    *(((*ENTRY, "sigma"), sigma, "sigma") for sigma in (0.19, 20.1, True, "1", None)),
    *(((*ENTRY, "band"), band, "band") for band in ([1], [0, 1], [1, 2, 3], ["1", 2], 5)),
    ((*ENTRY, "exchange"), "NYSE", "exchange"), ((*ENTRY, "title"), "", "title"),
    ((*ENTRY, "title"), "é", "title"), ((*ENTRY, "feeds"), [], "feeds"),
    ((*ENTRY, "feeds"), [["p"]], "feeds"), ((*ENTRY, "feeds"), [["p", "a", "b", "c"]], "feeds"),
    ((*ENTRY, "feeds"), [["p", "A B"]], "symbol"), ((*ENTRY, "feeds"), [["p", "{key}"]], "symbol"),
    ((*ENTRY, "feeds"), [["p", ""]], "symbol"), ((*ENTRY, "feeds"), [["p", "x" * 33]], "symbol"),
]  # fmt: skip

BEYOND: list[tuple[tuple, Any, str]] = [  # that a schema cannot say
    ((*RECIPE, "url"), "https://b.example/{symbol}", "url: a host of the signed list"),
    ((*RECIPE, "url"), "https://a.example:444/{symbol}", "url: a host of the signed list"),
    ((*RECIPE, "url"), "https://a.example/{key}", "key: there when {key} is"),
    ((*RECIPE, "headers"), {"X": "{key}"}, "key: there when {key} is"),
    ((*RECIPE, "key"), "a.example", "key: there when {key} is"),
    ((*RECIPE, "mark"), "v=", "mark: with form fields"),
    ((*RECIPE, "separator"), ",", "separator: not with form json"),
    ((*RECIPE, "price"), "a/[b=1]", "goes on below"),
    ((*RECIPE, "price"), "[a=1]/[b=2]/c", "at most once"),
    ((*RECIPE, "price"), ["y/[0]", "y/z"], "differ on what is a list"),
    ((*RECIPE, "price"), "/y", "two paths lead to the same"),
    ((*RECIPE, "stream"), STREAM | {"url": "wss://b.example/"}, "stream.url: a host"),
    ((*ENTRY, "feeds"), [["q", "SPX"]], "no provider q"),
    ((*ENTRY, "band"), [2, 1], "band"),
]  # fmt: skip


@pytest.mark.parametrize("found", [SMALL, SHIPPED, SPARE], ids=["small", "shipped", "spare"])
def test_schema_and_check_take_good_sets(found: dict) -> None:
    assert list(VALIDATOR.iter_errors(found)) == []
    assert refusal(found) == ""


@pytest.mark.parametrize(("path", "value"), TAKEN)
def test_schema_and_check_take_what_the_language_has(path: tuple, value: Any) -> None:
    found = changed(path, value)

    assert [error.message for error in VALIDATOR.iter_errors(found)] == []
    assert refusal(found) == ""


@pytest.mark.parametrize(("path", "value", "rule"), REFUSED)
def test_schema_and_check_refuse_the_same(path: tuple, value: Any, rule: str) -> None:
    found = changed(path, value)

    assert not VALIDATOR.is_valid(found)
    assert rule in refusal(found)


@pytest.mark.parametrize(("path", "value", "rule"), BEYOND)
def test_the_check_knows_what_the_schema_cannot_say(path: tuple, value: Any, rule: str) -> None:
    found = changed(path, value)

    assert VALIDATOR.is_valid(found)
    assert rule in refusal(found)


@pytest.mark.parametrize(
    "raw",
    [b"", b"null", b"5", b"[]", b"\xff\xfe", b'{"a":' * 9000, b"{" * 9000, b'{"format": 2}',
     json.dumps(SMALL).encode() + b" " * feeds.SIZE_MAX],
)  # fmt: skip
def test_what_is_no_set_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):
        feeds.check(raw)


def test_the_key_goes_to_its_host_over_tls_alone() -> None:
    good = changed((*RECIPE, "url"), "https://a.example/{symbol}?k={key}")
    good["providers"]["p"]["key"] = "a.example"
    assert refusal(good) == ""
    good["hosts"].append("b.example")
    good["providers"]["p"]["key"] = "b.example"
    assert "key: the host of the URL" in refusal(good)
    good["providers"]["p"].update(url="http://a.example/{key}", key="a.example")
    assert "over https alone" in refusal(good)


def test_a_key_is_escaped_and_never_goes_to_another_base() -> None:
    rules = {**SMALL["providers"]["p"], "url": "https://a.example/{symbol}?k={key}",
             "headers": {"X-Key": "{key}"}, "key": "a.example"}  # fmt: skip
    made = Recipe("p", rules, "^A B", key="s&c")

    assert made.url == "https://a.example/%5EA%20B?k=s%26c"
    assert made.headers == {"X-Key": "s&c"}
    with pytest.raises(ValueError, match="another host"):
        Recipe("p", rules, "A", base="http://b.example", key="secret")
    with pytest.raises(ValueError, match="needs the owner's key"):
        Recipe("p", rules, "A")


def test_a_base_goes_in_place_of_scheme_and_host() -> None:
    rules = SMALL["providers"]["p"]
    assert Recipe("p", rules, "A", base="http://b:81").url == "http://b:81/A"
    with pytest.raises(ValueError, match="base"):
        Recipe("relay", SHIPPED["providers"]["relay"], "sp500")


def test_the_shipped_set() -> None:
    assert len(SHIPPED["instruments"]) == 16
    for name, entry in SHIPPED["instruments"].items():
        for slots in ((), SHIPPED["providers"]):
            made = feeds.part(SHIPPED, name, slots, slots)
            size = len(json.dumps(made))
            assert 3 <= len(made["feeds"]) <= feeds.FEEDS_MAX, name
            assert size <= feeds.PART_MAX, (name, size)
            feeds.check_part(made)
            assert feeds.check_part(json.loads(json.dumps(made))) is None
        free = [feed[0] for feed in feeds.part(SHIPPED, name)["feeds"]]
        hosts = {SHIPPED["providers"][one]["url"].split("/")[2] for one in free}
        assert len(hosts) >= 3 and "relay" not in free and "eodhd" not in free
        assert entry["band"][0] < entry["band"][1]
    assert feeds.part(SHIPPED, "nobody's") == {}
    assert len(SHIPPED_FILE.read_bytes()) <= feeds.SIZE_MAX


def test_a_part_has_the_stream_of_its_first_provider_with_one_if_it_is_wanted() -> None:
    for name, entry in SHIPPED["instruments"].items():
        crypto = entry["exchange"] == "24/7"
        for slots in ((), SHIPPED["providers"]):
            made = feeds.part(SHIPPED, name, slots, slots, True)
            found = [one for one, recipe in made["providers"].items() if "stream" in recipe]
            assert found == (["coinbase"] if crypto else [])
            assert len(json.dumps(made)) <= feeds.PART_MAX
            assert feeds.check_part(made) is None
            without = feeds.part(SHIPPED, name, slots, slots)
            assert not any("stream" in recipe for recipe in without["providers"].values())


@pytest.mark.parametrize("exchange", RECIPES)
def test_the_shipped_streams_are_those_of_the_simulated_exchanges(exchange: str) -> None:
    assert SHIPPED["providers"][exchange]["stream"] == RECIPES[exchange]
    for name, entry in SHIPPED["instruments"].items():
        if entry["exchange"] != "24/7":
            continue
        feed = next(feed for feed in entry["feeds"] if feed[0] == exchange)
        given = Messages(RECIPES[exchange], *feed[1:])
        wanted = Messages(RECIPES[exchange], *NAMES[exchange](name))
        assert (given.url, given.subscribe) == (wanted.url, wanted.subscribe)


def test_whose_part_it_is_depends_on_the_stream() -> None:
    of = {"instrument": "btc", "providers": {}, "keys": {}}
    assert whose(of) == whose(of | {"stream": False}) != whose(of | {"stream": True})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["x", "[0]", "{key}", "close", "date", "*", "https://a.example/"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.sampled_from([path for path, _, _ in REFUSED + BEYOND]), VALUES)
def test_any_value_anywhere_is_taken_or_refused_in_words(path: tuple, value: Any) -> None:
    """And what is taken can be bound and begun."""
    found = changed(path, value)
    if refusal(found) or "key" in found["providers"]["p"]:
        return
    made = Recipe("p", found["providers"]["p"], "SPX", base="http://b")
    made.begin().write(b'{"x":1}')


@given(VALUES, st.sampled_from(["", *feeds.part(SHIPPED, "dax")]))
def test_any_part_is_taken_or_refused(value: Any, field: str) -> None:
    found = {**feeds.part(SHIPPED, "dax"), field: value} if field else value
    try:
        feeds.check_part(found)
    except ValueError as error:
        assert str(error)
