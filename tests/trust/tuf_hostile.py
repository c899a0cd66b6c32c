"""Every place of a metadata file, made wrong in every way: as edited values, and as bytes."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from securesystemslib.formats import encode_canonical
from tuf_repository import Repository

DEEP: list = []
for _ in range(40):
    DEEP = [DEEP]
GONE = object()
WRONG = [
    GONE, None, True, 0, -1, 1.5, 2**31, 2**64, 10**500, "", "x", "\u00e9\U0001f402", "x" * 300,
    [], [None], {}, {"x": None}, DEEP, float("nan"),
]  # fmt: skip


def places(value: Any, path: tuple = ()) -> Iterator[tuple]:
    """The path of each value in it, keys and indexes; of a list and of keyids the first."""
    yield path
    if isinstance(value, dict):
        named = [key for key in value if len(key) != 64]
        for key in named or list(value)[:1]:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for index in range(min(len(value), 1)):
            yield from places(value[index], (*path, index))


def edited(value: Any, path: tuple, wrong: Any) -> Any:
    """A copy in which this place is wrong, or gone."""
    if not path:
        return None if wrong is GONE else wrong
    value = copy.deepcopy(value)
    place = value
    for key in path[:-1]:
        place = place[key]
    if wrong is GONE:
        del place[path[-1]]
    else:
        place[path[-1]] = wrong
    return value


def values(raw: bytes) -> Iterator[Any]:
    whole = json.loads(raw)
    for path in places(whole):
        for wrong in WRONG:
            yield edited(whole, path, wrong)


def signed_again(repository: Repository, role: str, value: Any) -> Any:
    """The same with good signatures where there can be any: what a signer has got wrong."""
    try:
        raw = encode_canonical(value["signed"]).encode()
        signatures = [key.sign(raw).to_dict() for key in repository.signers[role]]
        return {**value, "signatures": signatures}
    except Exception:  # no canonical form
        return value


def as_bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


def broken(raw: bytes) -> Iterator[bytes]:
    """Bytes that are no metadata, or metadata as nobody would write it."""
    yield from (
        b"",
        b"\0",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b'"',
        b"{",
        b"[" * 9000,
        b"9" * 9000,
    )
    yield from (raw.decode().encode(code) for code in ("utf-16", "utf-16-le", "utf-32"))
    yield from (
        b"\xef\xbb\xbf" + raw,
        raw + b"\0",
        raw + raw,
        raw[:-1],
        raw[1:],
        raw[: len(raw) // 2],
    )
    yield from (b'{"signed": ' * 900, b'{"signed":1,"signatures":1}', raw.replace(b'"', b"'"))
    yield raw.replace(b'"signed"', b'"signed": {}, "signed"', 1)
    yield raw.replace(b'"signatures"', b'"signatures": [], "signatures"', 1)
    yield raw.replace(b'"version"', b'"version": 999, "version"', 1)
    yield raw.replace(b'"version": 1', b'"version": 1e0')
    yield raw.replace(b'"version": 1', b'"version": ' + b"1" * 4000)
    yield raw.replace(b'"version": 1', b'"version": NaN')
    yield raw.replace(b'"expires": "2', b'"expires": "\\ud83d')
    yield raw.replace(b'"_type"', b'"_type": "\\ud83d\\ud83d", "x"')
    yield raw.replace(b'"spec_version"', b'"\\ud83d", "spec_version"')


def huge(raw: bytes) -> Iterator[bytes]:
    """Ten megabytes of it."""
    yield b'{"signed": "' + b"x" * 10_000_000 + b'", "signatures": []}'
    yield b" " * 10_000_000 + raw
    yield b"[" * 10_000_000
