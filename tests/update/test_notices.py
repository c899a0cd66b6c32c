"""What the maker says to owners, as signed data: it comes, is said, and its time ends."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rig import ALONE, World, new_flash, release
from seesaw.data import notices

from host_tools.release import development, publish

OLD = release("0.1.0", ALONE)
TEXT = "Prices of CNBC are late today. Nothing is wrong with your seesaw."
SAID = "seesaw event=notice slot=ota_0 version=0.1.0 words=" + TEXT


def offering(world: World, **data: str) -> None:
    """The server has these sets now, in metadata that is newer than before."""
    world.number = getattr(world, "number", development.edition(OLD.version)) + 1  # type: ignore
    world.offered = publish.reissued(OLD, world.number, data=data)  # type: ignore[attr-defined]


def notice(world: World, seconds: int, **more: object) -> str:
    until = int(world.market.clock.now()) + seconds
    return json.dumps({"text": TEXT, "until": until, **more})


def test_it_is_said_until_its_time_is_over() -> None:
    world = World(new_flash(OLD), [OLD])
    offering(world, notices=notice(world, 300, instruments=["dow", "sp500"]))
    world.run(240)
    assert world.said("event=data slot=ota_0 version=0.1.0 words=notices added: " + TEXT)
    assert SAID in world.lines and world.follows()
    world.run(120)
    before = world.lines.count(SAID)
    world.run(240)

    assert before and world.lines.count(SAID) == before


def test_it_is_for_the_owners_of_its_instruments_and_is_taken_back() -> None:
    world = World(new_flash(OLD), [OLD])
    offering(world, notices=notice(world, 9000, instruments=["dow"]))
    world.run(120)
    assert world.said("notices added") and SAID not in world.lines
    offering(world, notices=notice(world, 9000))
    world.run(120, until=lambda: SAID in world.lines)
    offering(world, feeds='{"format": 1, "feeds": {}}')
    world.run(120, until=lambda: world.said("notices taken back"))
    before = world.lines.count(SAID)
    world.run(120)

    assert before and world.lines.count(SAID) == before and world.follows()


@pytest.mark.parametrize("wrong", [
    "", "[]", "null", "{", '{"text": "Hello."}', "[" * 400,
    '{"text": "", "until": 4000000000}', '{"text": "two\\nlines", "until": 4000000000}',
    '{"text": "Gr\\u00fc\\u00dfe", "until": 4000000000}',
    '{"text": "x", "until": true}',
])  # fmt: skip
def test_what_is_none_is_refused_and_nothing_changes(wrong: str) -> None:
    world = World(new_flash(OLD), [OLD])
    offering(world, notices=wrong)
    world.run(120)

    assert world.said("words=notices refused: ") or not wrong
    assert not world.said("event=notice") and world.follows()


@given(st.binary(max_size=600) | st.text(max_size=200).map(str.encode), st.integers(0, 2**40))
@example(b'{"text": "x", "until": 5, "instruments": {"a": 1}}', 0)
@example(b'{"text": "x", "until": 5, "instruments": [[]]}', 0)
@example(b'{"text": "x", "until": 1e999}', 0)
def test_no_bytes_stop_the_app(raw: bytes, now_s: int) -> None:
    said = notices.words(raw, now_s, "sp500")
    assert len(said) <= 160 and said.isascii()
