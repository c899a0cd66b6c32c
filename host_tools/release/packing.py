"""A bundle's packed files, which devices fetch in its place (firmware/SPEC.md, "Packed bundle"):
the whole of it, and its differences from bundles that devices run."""

import hashlib
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from seesaw.packed import BLOCK, HASH, LINK, NO_BASE, UNIT, WINDOW

from host_tools.release import roles

LEVEL = 9
KEPT = 64  # packed bundles
SIZE_MAX = 1 << 22  # bytes: no slot is larger
BASES_MAX = 4  # bundles that a release has differences from: some 120 bytes of metadata each
BASE_ID = 16  # hex digits of a bundle's SHA-256
LAST = b"\x00\x00\xff\xff" + bytes(HASH)  # the link that nothing comes after
SHINGLE, STEP = 16, 4  # bytes: what is looked for in the base, and how often
FINDS_MAX = 8  # places in the base that count of a shingle
TRIED = 6  # places that are tried of those where most was found


@lru_cache(KEPT)
def pack(bundle: bytes, base: bytes = b"") -> tuple[bytes, ...]:
    """The pieces of a packed file, the first of them a link alone. The same bundles give the same
    bytes."""
    squeezed = list(_squeeze(bundle, base))
    pieces = [LAST]
    for data, place in reversed(squeezed):
        pieces[-1] += data
        link = len(pieces[-1]).to_bytes(2, "little") + place.to_bytes(2, "little")
        pieces.append(link + _sha256(pieces[-1])[:HASH])
    return tuple(reversed(pieces))


def _squeeze(bundle: bytes, base: bytes) -> Iterator[tuple[bytes, int]]:
    """Of each block the stream's bytes, and the place in the base that they may refer back to."""
    shown, found = b"", _shingles(base)
    for at in range(0, len(bundle), BLOCK):
        plain = bundle[at : at + BLOCK]
        tries = [NO_BASE, *_places(plain, found, len(base))]
        made = {place: _squeezed(plain, shown + _block(base, place)) for place in tries}
        place = min(tries, key=lambda one: len(made[one]))
        yield made[place], place
        shown = _window(shown + _block(base, place) + plain)


def _shingles(base: bytes) -> dict[bytes, list[int]]:
    """Where each run of SHINGLE bytes is in the base: its first FINDS_MAX places."""
    found: defaultdict[bytes, list[int]] = defaultdict(list)
    for at in range(len(base) - SHINGLE + 1):
        places = found[base[at : at + SHINGLE]]
        if len(places) < FINDS_MAX:
            places.append(at)
    return found


def _places(plain: bytes, found: dict[bytes, list[int]], size: int) -> list[int]:
    """The places of the base, in UNITs, that have most in common with a block."""
    votes: Counter[int] = Counter()
    for at in range(0, len(plain) - SHINGLE + 1, STEP):
        for place in found.get(plain[at : at + SHINGLE], ()):
            first = (place - at) // UNIT
            votes.update(one for one in (first, first + 1) if 0 <= one <= (size - BLOCK) // UNIT)
    return sorted(votes, key=lambda one: (-votes[one], one))[:TRIED]


def _block(base: bytes, place: int) -> bytes:
    return b"" if place == NO_BASE else base[place * UNIT : place * UNIT + BLOCK]


def _window(shown: bytes) -> bytes:
    """As much as the decoder remembers."""
    return shown[-(1 << WINDOW) :]


def _squeezed(plain: bytes, shown: bytes) -> bytes:
    """The next piece of the stream, to a whole byte. shown: what went through the decoder."""
    maker = zlib.compressobj(LEVEL, zlib.DEFLATED, -WINDOW, LEVEL, zdict=_window(shown))
    return maker.compress(plain) + maker.flush(zlib.Z_SYNC_FLUSH)


def identity(base: bytes) -> str:
    """How `custom` names a bundle that there is a difference from."""
    return _sha256(base).hex()[:BASE_ID]


def custom(bundle: bytes, bases: Sequence[bytes] = ()) -> dict[str, Any]:
    """What the `custom` of the bundle's target says of its packed files, nothing when the whole one
    is no smaller. bases: bundles of which a device may come from, BASES_MAX at most."""
    whole = _words(bundle)
    if whole["length"] >= len(bundle):
        return {}
    differences = {identity(base): _words(bundle, base) for base in bases if base != bundle}
    smaller = {name: one for name, one in differences.items() if one["length"] < whole["length"]}
    return {"packed": whole | ({"from": smaller} if smaller else {})}


def _words(bundle: bytes, base: bytes = b"") -> dict[str, Any]:
    pieces = pack(bundle, base)
    return {"length": sum(map(len, pieces)), "sha256": _sha256(pieces[0]).hex()}


def said(custom: Any) -> dict[str, Any]:
    """The same out of a target's `custom`, which may be anything."""
    found = custom.get("packed") if isinstance(custom, dict) else None
    return found if isinstance(found, dict) else {}


def differences(said: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What is said of the differences, by the base's identity."""
    found = said.get("from")
    found = found if isinstance(found, dict) else {}
    return {name: one if isinstance(one, dict) else {} for name, one in found.items()}


def path(target: str, sha256: str, base: str = "") -> str:
    """Where a packed file of a bundle's target lies below the repository. base: its identity."""
    return roles.target_path(target, sha256) + (f".{base}.packed" if base else ".packed")


def file(bundle: bytes, base: bytes = b"") -> bytes:
    """A packed file."""
    return b"".join(pack(bundle, base))


def files(target: str, sha256: str, bundle: bytes, bases: Sequence[bytes] = ()) -> dict[str, bytes]:
    """The packed files by their paths, those that custom() speaks of."""
    told = said(custom(bundle, bases))
    if not told:
        return {}
    made = {
        path(target, sha256, name): file(bundle, base)
        for base in bases if (name := identity(base)) in differences(told)
    }  # fmt: skip
    return {path(target, sha256): file(bundle)} | made


def trouble(
    bundle: bytes, said: dict[str, Any], raw: bytes | None, base: bytes | None = b""
) -> str:
    """Why a device could not use a packed file, "" when it can. By its words, not by its bytes:
    another zlib packs the same in another way. base: None when it is not at hand; then nothing is
    unpacked."""
    if raw is None:
        return "is missing"
    if len(raw) != said.get("length") or _sha256(raw[:LINK]).hex() != said.get("sha256"):
        return "is not what was signed"
    shown, link, rest = b"", raw[:LINK], raw[LINK:]
    for number, at in enumerate(range(0, len(bundle), BLOCK)):
        size, place = (int.from_bytes(link[i : i + 2], "little") for i in (0, 2))
        piece, rest = rest[:size], rest[size:]
        if _sha256(piece)[:HASH] != link[LINK - HASH :]:
            return f"has a broken piece {number}"
        link, plain = piece[:LINK], bundle[at : at + BLOCK]
        if base is None:
            continue
        shown = _window(shown + _block(base, place))
        if _unpacked(piece[LINK:], shown) != plain:
            return f"has another bundle in its piece {number}"
        shown = _window(shown + plain)
    return "goes on after its end" if rest else ""


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _unpacked(block: bytes, shown: bytes) -> bytes | None:
    try:
        return zlib.decompressobj(-WINDOW, shown).decompress(block, BLOCK + 1)
    except zlib.error:
        return None
