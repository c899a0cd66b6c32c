"""The query string of a check: what the device says is what the release tool reads, and no more."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rig import World, new_flash, release
from seesaw.core import handover, looks
from seesaw.repository import _MONTH_S, query
from seesaw.update import reasons
from seesaw.update.otadata import TABLE
from tuf_rig import Vm
from tuf_vm import answers, here

from host_tools.market.http1 import Reply, Request
from host_tools.release.query import (
    ACTIONS,
    CAUSES,
    LENGTH_MAX,
    STAGES,
    STATES,
    Failure,
    Market,
    Said,
    parse,
)

DEVICE, NOW = b"\x24\x0a\xc4\x00\x01\x02", 1_790_000_000
URL = re.compile(r"[0-9A-Za-z.,_=&-]*")  # needs no escape in a URL, and no quotes in a log
plain = st.text("0123456789.-abcxyzABCXYZ_", min_size=1, max_size=24)
failures = st.builds(Failure, plain | st.just(""), st.binary(min_size=4, max_size=4).map(bytes.hex),
                     st.integers(0, 99), st.integers(0, 99), st.integers(0, 255))  # fmt: skip
places = st.builds(Market, st.text("sp50_9aZ-", min_size=1, max_size=12),
                   st.sampled_from(sorted(STATES.values())), st.integers(0, 7))  # fmt: skip
bounds = st.none() | st.integers(0, 1 << 32)


def text(one: Failure | None) -> str:
    """As the record keeps it."""
    return f"{one.version},{one.bundle},{one.stage},{one.cause},{one.count}" if one else ""


@given(plain, st.integers(0, 1), st.sampled_from(sorted(set(TABLE.values()))),
       st.none() | failures, st.binary(max_size=16), bounds, st.none() | places)  # fmt: skip
@example("9" * 24, 1, "trial", Failure("9" * 24, "ffffffff", 99, 99, 255), DEVICE, 1 << 32,
         Market("a" * 12, "NO_DATA", 7))
def test_what_is_said_is_what_is_read(
    version: str, slot: int, action: str, failure: Failure | None, device: bytes, bound: int | None,
    market: Market | None,
) -> None:  # fmt: skip
    shown = ""
    if market:
        flags = handover.flags(False, False, market.state, market.provider - 1)
        told = handover.told(bytes(24), 0, 0, flags, [])
        shown = looks.market({"instrument": market.instrument}, told)
    said = query(version, slot, action, text(failure), device, bound, shown)
    found = parse(said)

    assert len(said) <= LENGTH_MAX
    assert found is not None
    assert found == Said(version, slot, action, found.pseudonym, failure, market)


@given(st.text(max_size=300), st.text(max_size=300), bounds)
def test_no_memory_of_the_device_makes_another_url(version: str, memory: str, bound: int) -> None:
    market = looks.market({"instrument": memory}, bytes(11) + b"\x24" + bytes(12))
    said = query(version, 0, "install", memory, DEVICE, bound, market)

    assert URL.fullmatch(said) and len(said) <= LENGTH_MAX
    assert said.count("&") == (4 if memory else 3)


def test_a_query_to_the_letter() -> None:
    said = query("0.2.0+x", 1, "install", "0.3.0,a1b2c3d4,7,1,2", DEVICE, NOW, "ftse,S,2")

    assert re.fullmatch("v=0.2.0_x&s=1i&p=[0-9a-f]{12}&f=0.3.0,a1b2c3d4,7,1,2&m=ftse,S,2", said)
    found = parse(said)
    assert found and str(found.failure) == "0.3.0 (a1b2c3d4): crash in app, 2 times"
    assert str(Failure("", "a1b2c3d4", 42, 43, 1)) == "? (a1b2c3d4): cause 43 in stage 42, 1 times"


def pseudonym(device: bytes, bound: int | None) -> str:
    found = parse(query("1.0", 0, "install", "", device, bound, ""))
    assert found
    return found.pseudonym


def test_the_pseudonym_changes_with_the_month_and_the_device() -> None:
    start = NOW // _MONTH_S * _MONTH_S
    year = [pseudonym(DEVICE, start + month * _MONTH_S) for month in range(12)]

    assert len(set(year)) == 12
    assert pseudonym(DEVICE, start + _MONTH_S - 1) == year[0]
    assert pseudonym(DEVICE, None) == pseudonym(DEVICE, 0)
    assert len({pseudonym(number.to_bytes(6, "big"), NOW) for number in range(1000)}) == 1000
    assert DEVICE.hex() not in "".join(year)


@given(st.text(max_size=140) | st.from_regex(r"v=[^&]{0,30}&s=..&p=[0-9a-f]{0,14}(&f=.{0,40})?"))
@example("v=1.0&s=0i&p=0123456789ab\n")
@example("v=1.0&s=0i&p=0123456789ab&f=1.0,0123456\u0667,1,1,1")
@example("v=" + "1" * 25 + "&s=0i&p=0123456789ab")
@example("v=1.0&s=0i&p=0123456789ab&f=1.0,01234567,1,1,1" + "0" * 90)
@example("v=1.0&s=0i&p=0123456789ab&m=sp500,L,1")
@example("v=1.0&s=0i&p=0123456789ab&m=sp500,X,1")
@example("v=1.0&s=0i&p=0123456789ab&m=sp500,L,8")
def test_whatever_else_stands_in_a_log_is_no_devices(line: str) -> None:
    found = parse(line)
    if found:
        again = f"v={found.version}&s={found.slot}{found.action[0]}&p={found.pseudonym}"
        rest = line.removeprefix(again)
        assert rest.startswith("&f=" if found.failure else "&m=" if found.market else "")
        assert ("&m=" in rest) == bool(found.market) and (rest == "" or rest[0] == "&")


# -- the numbers ---------------------------------------------------------------------------------


def rows() -> dict[str, dict[int, str]]:
    """Stages and causes as the table at the head of reasons.py has them."""
    found: dict[str, dict[int, str]] = {"stage": {}, "cause": {}}
    for line in (reasons.__doc__ or "").splitlines():
        for kind, cell in (("stage", line[4:48]), ("cause", line[48:])):
            if match := re.match(r"(\d+) (\w+)", cell):
                found[kind][int(match[1])] = match[2]
    return found


def test_the_words_for_the_numbers_are_those_of_the_firmware() -> None:
    assert rows() == {"stage": STAGES, "cause": CAUSES}
    assert set(ACTIONS.values()) == set(TABLE.values())
    assert all(word[0] == letter for letter, word in ACTIONS.items())
    stages = {stage for _, stage, _ in reasons.WORDS} - {0}
    assert stages < STAGES.keys() and {cause for _, _, cause in reasons.WORDS} < CAUSES.keys()


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("watchdog or panic", (7, 2)), ("deadline missed", (7, 3)), ("", (7, 1)),
        ("memory floor: 12 bytes free", (7, 4)), ("MemoryError: memory allocation failed", (7, 4)),
        ("ImportError: no module named 'x'", (7, 5)), ("trial failed", (5, 6)),
        ("unproven: no quote", (7, 7)), ("power", (7, 8)), ("KeyError: power", (7, 1)),
        ("the bundle's hash is wrong", (2, 9)), ("set_boot: -5379", (4, 13)),
        ("no room to note the trial: x", (4, 12)),
    ],
)  # fmt: skip
def test_what_words_mean(words: str, wanted: tuple[int, int]) -> None:
    assert reasons.of(words, reasons.APP, reasons.CRASH) == wanted


PROGRAM = """
import json
from binascii import unhexlify
from seesaw.update import reasons
from seesaw.core import handover, looks
from seesaw.repository import query

def answer(case):
    version, slot, action, failure, device, bound, words = json.loads(case)
    flags = handover.flags(False, True, "STALE", 1)
    told = handover.told(bytes(24), 0, 0, flags, [])
    market = looks.market({"instrument": version}, told) if failure else ""
    said = query(version, slot, action, failure, unhexlify(device), bound, market)
    return json.dumps([said, list(reasons.of(words, 6, 1))]).encode()
"""


def test_the_vm_says_the_same(vm: Vm, tmp_path: Path) -> None:
    versions = ("0.1.0", "1.0-rc1+x", "9" * 30, "\u00e9 &=?#%/", "")
    cases = [
        json.dumps([version, slot, action, failure, DEVICE.hex(), bound, action + version]).encode()
        for version in versions
        for slot, action in ((0, "install"), (1, "trial"))
        for failure in ("", "0.3.0,a1b2c3d4,7,1,2", "&" * 60)
        for bound in (None, 0, NOW, NOW + _MONTH_S, 1 << 40)
    ]

    assert answers(vm, tmp_path, PROGRAM, cases) == here(PROGRAM, cases)


def test_a_device_says_it_with_each_check_and_nowhere_else() -> None:
    old, new = release("0.1.0"), release("0.2.0")
    world = World(new_flash(old), [old, new], offered=new)
    right, asked = world.updates.handler, []

    def handler(request: Request) -> Reply:
        asked.append((request.path, request.query))
        return right(request)

    world.updates.handler = handler
    world.run(900, until=lambda: world.confirmed("0.2.0"))
    world.run(120, until=lambda: world.said("up to date"))
    checks = [found for path, found in asked if path == "/metadata/timestamp.json" and found]

    assert {path for path, found in asked if found} == {"/metadata/timestamp.json"}
    assert {(one["v"], one["s"]) for one in checks} == {("0.1.0", "0i"), ("0.2.0", "1i")}
    assert len({one["p"] for one in checks}) <= 2 and not any("f" in one for one in checks)
    assert "m" not in checks[0] or checks[0]["m"] == "sp500,L,1"
    assert checks[-1]["m"] == "sp500,L,1"


def test_of_instruments_that_take_turns_the_one_that_is_shown_is_said() -> None:
    flags = handover.flags(False, False, "LIVE", 1)
    told = handover.told(bytes(24), 0, 0, flags, [])
    mine = {"instrument": "sp500", "rotation": ["btc", "eth"]}
    for place, name in ((0, "sp500"), (1, "sp500"), (2, "btc"), (3, "eth"), (4, "sp500")):
        assert looks.market(mine, told[:23] + bytes((place,))) == f"{name},L,2"


def test_a_market_that_went_dark_is_in_the_next_check() -> None:
    """The second provider stands in; then that is gone too."""
    old = release("0.1.0")
    world = World(new_flash(old, check_s=86_400), [old], offered=old)
    asked: list[str] = []
    right = world.updates.handler

    def handler(request: Request) -> Reply:
        asked.append(request.query.get("m", ""))
        return right(request)

    world.updates.handler = handler
    world.run(60, until=lambda: world.said("state=LIVE"))
    world.market.break_provider("html")
    world.run(3600, until=lambda: any(one.startswith("sp500,N") for one in asked))
    shown = [one for one in asked if one]
    assert shown[-1].startswith("sp500,N,") and set(shown) <= {
        "sp500,L,1", "sp500,S,1", "sp500,N,1", "sp500,N,2"
    }  # fmt: skip
