"""A bundle's packed file, which devices fetch in its place (firmware/SPEC.md, "Packed bundle")."""

import hashlib
import zlib
from functools import lru_cache
from typing import Any

from seesaw.packed import BLOCK, ENTRY, HASH, WINDOW

from host_tools.release import roles

LEVEL = 9
KEPT = 64  # packed bundles
SIZE_MAX = 1 << 22  # bytes: no slot is larger


@lru_cache(KEPT)
def pack(bundle: bytes) -> tuple[bytes, bytes]:
    """(index, blocks): the two parts of a packed file. The same bundle gives the same bytes."""
    index, blocks = [], []
    maker = zlib.compressobj(LEVEL, zlib.DEFLATED, -WINDOW, LEVEL)
    for at in range(0, len(bundle), BLOCK):
        block = maker.compress(bundle[at : at + BLOCK]) + maker.flush(zlib.Z_SYNC_FLUSH)
        index.append(len(block).to_bytes(ENTRY - HASH, "little"))
        index.append(hashlib.sha256(block).digest()[:HASH])
        blocks.append(block)
    return b"".join(index), b"".join(blocks)


def custom(bundle: bytes) -> dict[str, Any]:
    """What the `custom` of the bundle's target says of it, nothing when it is no smaller."""
    index, blocks = pack(bundle)
    size = len(index) + len(blocks)
    if size >= len(bundle):
        return {}
    return {"packed": {"length": size, "sha256": hashlib.sha256(index).hexdigest()}}


def said(custom: Any) -> dict[str, Any]:
    """The same out of a target's `custom`, which may be anything."""
    found = custom.get("packed") if isinstance(custom, dict) else None
    return found if isinstance(found, dict) else {}


def path(target: str, sha256: str) -> str:
    """Where the packed file of a bundle's target lies below the repository."""
    return roles.target_path(target, sha256) + ".packed"


def file(bundle: bytes) -> bytes:
    """The packed file."""
    return b"".join(pack(bundle))


def files(target: str, sha256: str, bundle: bytes) -> dict[str, bytes]:
    """The packed file by its path, if custom() speaks of one."""
    return {path(target, sha256): file(bundle)} if custom(bundle) else {}


def trouble(bundle: bytes, said: dict[str, Any], raw: bytes | None) -> str:
    """Why a device could not use a packed file, "" when it can. By its words, not by its bytes:
    another zlib packs the same in another way."""
    if raw is None:
        return "is missing"
    index = -(-len(bundle) // BLOCK) * ENTRY
    if len(raw) != said.get("length") or _sha256(raw[:index]).hex() != said.get("sha256"):
        return "is not what was signed"
    at, plain = index, zlib.decompressobj(-WINDOW)
    for number, entry in enumerate(range(0, index, ENTRY)):
        size = int.from_bytes(raw[entry : entry + ENTRY - HASH], "little")
        block, at = raw[at : at + size], at + size
        if _sha256(block)[:HASH] != raw[entry + ENTRY - HASH : entry + ENTRY]:
            return f"has a broken block {number}"
        if _unpacked(plain, block) != bundle[number * BLOCK : (number + 1) * BLOCK]:
            return f"has another bundle in its block {number}"
    return "" if at == len(raw) else "goes on after its end"


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _unpacked(plain: "zlib._Decompress", block: bytes) -> bytes | None:
    try:
        return plain.decompress(block, BLOCK + 1)
    except zlib.error:
        return None
