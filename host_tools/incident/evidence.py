"""What a proof has shown of a release, for a post-mortem: `evidence.json` of `seesaw prove`, and
what the repository says a release was signed with. Files are anybody's: each value is looked at."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_tools.errors import UserError
from host_tools.release import client, listing
from host_tools.release import state as states

FORMAT = 1
FILE_MAX = 8 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Evidence:
    """sha256: of the file. states: interrupted ones that came back. missing: scenarios that have
    shown nothing. failures: counterexamples. None and "": the file does not say."""

    file: str
    sha256: str
    verdict: str
    versions: dict[str, str]
    hashes: dict[str, str]
    budget: str
    harness: str
    depth: int | None
    seed: int | None
    states: int | None
    scenarios: int
    missing: tuple[str, ...]
    failures: int


@dataclass(frozen=True, slots=True)
class Signed:
    """What the repository says of a version's release. proof: the evidence's SHA-256, "" for none.
    reason: that of --without-proof."""

    version: str
    board: str
    bundle: str
    proof: str
    reason: str


def read(path: Path) -> Evidence:
    """UserError for what is no evidence."""
    try:
        with open(path, "rb") as file:
            raw = file.read(FILE_MAX + 1)
    except OSError as error:
        fix = "name the evidence.json of seesaw prove --report DIR"
        raise UserError(str(path), error.strerror or str(error), fix) from error
    try:
        if len(raw) > FILE_MAX:
            raise ValueError(f"larger than {FILE_MAX >> 20} MiB")
        return parse(path.name, raw)
    except (ValueError, RecursionError) as error:
        fix = "name the evidence.json of seesaw prove --report DIR"
        raise UserError(str(path), f"it is no evidence ({error})", fix) from error


def parse(name: str, raw: bytes) -> Evidence:
    """ValueError for what is none."""
    found = json.loads(raw)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ValueError(f"not of format {FORMAT}")
    rows = _of(found, "scenarios", list, [])
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError("scenarios")
    failures = [_of(row, "failures", int, 0) for row in rows]
    return Evidence(
        name, hashlib.sha256(raw).hexdigest(), _of(found, "verdict", str),
        _texts(found, "versions"), _texts(found, "sha256"), _of(found, "budget", str, ""),
        _of(found, "harness", str, ""), _of(found, "depth", int, None),
        _of(found, "seed", int, None),
        _of(_of(found, "figures", dict, {}), "settled", int, None), len(rows),
        tuple(str(row.get("name")) for row in rows if row.get("missing")), sum(failures),
    )  # fmt: skip


def signed(folder: Path, versions: Iterable[str]) -> list[Signed]:
    """Of a repository's releases those of these versions, also of those that it lists no more.
    UserError when it is none."""
    if not folder.is_dir():
        raise UserError(str(folder), "there is no such folder", "name the repository of releases")
    reader = client.reader(folder)
    state = states.load(reader, str(folder))
    wanted = set(versions)
    found = [one for board in state.boards for one in states.history(reader, state, board)
             if one.version in wanted]  # fmt: skip
    told = (_signed(one) for one in sorted(found, key=lambda one: (one.version, one.board)))
    return list(dict.fromkeys(told))  # each was listed in many statements


def kept(folder: Path, found: Sequence[Signed]) -> list[Evidence]:
    """The evidence that the repository keeps of these."""
    paths = [folder / states.EVIDENCE / f"{one.proof}.json" for one in found if one.proof]
    return [read(path) for path in dict.fromkeys(paths) if path.exists()]


def _signed(one: listing.Listed) -> Signed:
    proof = one.custom["proof"]
    return Signed(one.version, one.board, one.sha256, str(proof.get("sha256", "")), one.drill)


def _of(found: dict[str, Any], key: str, kind: type, *absent: Any) -> Any:
    """The value. absent: what it is when it is missing, as in the evidence of an older harness."""
    if key not in found and absent:
        return absent[0]
    value = found.get(key)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"{key} is {'missing' if key not in found else 'something else'}")
    return value


def _texts(found: dict[str, Any], key: str) -> dict[str, str]:
    texts: dict[str, str] = _of(found, key, dict)
    if not all(isinstance(text, str) for text in texts.values()):
        raise ValueError(f"{key} holds what is no text")
    return texts
