"""An offer as JSON: what a cable pushes is refused in words, or fits."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rig import release
from seesaw.pushed import parse
from seesaw.update.errors import BadOffer, InstallError
from seesaw.update.install import wanted_trailer
from test_hostile import SLOT_SIZE, is_sound, like, spoilt, values

OFFERED: dict[str, Any] = json.loads(release("0.2.0").files["release.json"])
offers = st.one_of(
    st.one_of(like(OFFERED), values).map(lambda o: json.dumps(o).encode()),
    st.integers(1, 500).map(lambda depth: b'{"format":' + b"[" * depth + b"]" * depth + b"}"),
    st.binary(max_size=200),
)


@given(offers)
@example(spoilt(OFFERED, build_time=-1))
@example(spoilt(OFFERED, build_time=1 << 32))
@example(spoilt(OFFERED, trial_s=10**300))
@example(spoilt(OFFERED, runtime={**OFFERED["runtime"], "size": 1 << 64}))
@settings(max_examples=300)
def test_an_offer_is_refused_in_words_or_fits(raw: bytes) -> None:
    try:
        offer = parse(raw)
    except BadOffer:
        return
    is_sound(offer)


@pytest.mark.parametrize(("raw", "words"), [
    (b"<html>", "not JSON"), (b"[]", "not format 1"), (spoilt(OFFERED, format=2), "not format 1"),
    (spoilt(OFFERED, bundle=None), "a part is missing"), (spoilt(OFFERED, version=7), "version"),
])  # fmt: skip
def test_what_is_wrong_is_said(raw: bytes, words: str) -> None:
    with pytest.raises(BadOffer, match=words):
        parse(raw)


def test_a_release_leaves_the_trailers_own_sector_alone() -> None:
    offer = parse(spoilt(OFFERED))
    made = wanted_trailer(offer, SLOT_SIZE)
    end = made.bundle_offset + made.bundle_size

    assert wanted_trailer(offer, end + 4096) == made
    with pytest.raises(InstallError, match="larger than the slot"):
        wanted_trailer(offer, end + 4095)
