"""What must have been shown before a release is signed: the proof's evidence, and, for a changed
runtime, the record of a trial and a rollback on that very binary.

Both are files of others: `evidence.json` is what `seesaw prove --report DIR` writes, the record
what `seesaw conformance --runtime-record FILE` does. One of an emulated board says nothing of a
runtime, as none is executed there.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_tools.errors import UserError
from host_tools.image import files as disk
from host_tools.release import listing
from host_tools.release.listing import Listed
from host_tools.release.state import digest

FORMAT = 1  # of both files
FILE_MAX = 8 << 20  # bytes
CLEAN, PASSED = "clean", "passed"
BUDGETS = ("quick", "full")  # of a whole proof; "part" is one of some scenarios alone
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
PLATFORM = "esp32"  # sys.platform of the port, on a board and in QEMU; of the emulator it is not
RECORD = ("runtime_sha256", "launcher_sha256", "chip", "platform", "result", "date")


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be signed. Hashes are SHA-256 in hex."""

    board: str
    chip: str
    version: str
    bundle: str
    runtime: str
    launcher: str


@dataclass(frozen=True, slots=True)
class Shown:
    """proof: for `custom`. words: for people. files: to be kept, by path below the repository."""

    proof: dict[str, str]
    words: str
    files: dict[str, bytes]


# -- evidence -----------------------------------------------------------------------------------


def of_evidence(path: Path, subject: Subject) -> Shown:
    """UserError unless the file says that this very bundle was proven."""
    raw, found = _read(path, "run 'seesaw prove --candidate BUNDLE --report DIR' for one")
    why = unproven(found, subject)
    if why:
        again = "prove all of this bundle: 'seesaw prove --candidate BUNDLE --report DIR'"
        raise UserError(str(path), why, again)
    sha256, words = digest(raw), f"proven: {_story(found)}"
    other = found["sha256"].get("runtime", subject.runtime)
    if other != subject.runtime:
        words += f" (on another runtime, {str(other)[:12]})"
    return Shown({"sha256": sha256}, words, {f"evidence/{sha256}.json": raw})


def unproven(found: Any, subject: Subject) -> str:
    """Why this evidence is none for that release, '' when it is. Pure."""
    if found.get("format") != FORMAT:
        return f"it is no evidence of format {FORMAT}"
    hashes = found.get("sha256")
    bundle = hashes.get("bundle") if isinstance(hashes, dict) else None
    if bundle != subject.bundle:
        named = f"bundle {bundle[:12]}" if isinstance(bundle, str) else "no bundle"
        return f"it speaks of {named}, this bundle is {subject.bundle[:12]}"
    if found.get("verdict") != CLEAN:
        return f"its verdict is '{found.get('verdict')}', not '{CLEAN}'"
    budget = found.get("budget")
    if budget not in BUDGETS:
        named = f"its budget is '{budget}'" if budget else "it names no budget"
        return f"{named}, and a part of the scenarios proves nothing about a release"
    versions = found.get("versions")
    candidate = versions.get("candidate") if isinstance(versions, dict) else None
    if candidate != subject.version:
        return f"it speaks of version '{candidate}', this is {subject.version}"
    return ""


def _story(found: dict[str, Any]) -> str:
    """Where it was proven from, and how far that went, as far as the file says."""
    words = [f"from {found['versions'].get('old', '?')}"]
    scenarios = found.get("scenarios")
    if isinstance(scenarios, list):  # a proof of one scenario is clean too: a person must see it
        words.append(f"in {len(scenarios)} scenario{'s' * (len(scenarios) != 1)}")
    words += [f"{name} {found[name]}" for name in ("depth", "budget", "harness") if name in found]
    return ", ".join(words)


def of_drill(reason: str) -> Shown:
    """A release without a proof says so to everybody. UserError for a reason that has no form."""
    listing.check_reason("--without-proof", reason)
    return Shown({"reason": reason}, f"DRILL, not proven: {reason}", {})


# -- a changed runtime --------------------------------------------------------------------------


def of_runtime(path: Path | None, subject: Subject, before: Iterable[Listed]) -> dict[str, bytes]:
    """The record to keep, none for a runtime that earlier releases of this board had.

    The first release of a board needs none: its devices were made with that runtime. UserError
    when a record is needed and is missing or another's.
    """
    known = {one.runtime for one in before}
    if not known or subject.runtime in known:
        return {}
    if path is None:
        why = f"no earlier release for {subject.board} has its runtime {subject.runtime[:12]}"
        fix = (
            "show trial and rollback on a board that runs it, 'seesaw conformance --port PORT"
            " --runtime-record FILE', and give the record: --runtime-record FILE"
        )
        raise UserError(f"release {subject.version}", why, fix)
    raw, found = _read(path, "give the record of trial and rollback on this runtime")
    why = unrecorded(found, subject)
    if why:
        again = "make one on a board: 'seesaw conformance --port PORT --runtime-record FILE'"
        raise UserError(str(path), why, again)
    return {f"evidence/{digest(raw)}.json": raw}


def unrecorded(found: Any, subject: Subject) -> str:
    """Why this record does not speak for that runtime, '' when it does. Pure."""
    if found.get("format") != FORMAT:
        return f"it is no record of format {FORMAT}"
    absent = [name for name in RECORD if not isinstance(found.get(name), str)]
    if absent:
        return f"it lacks {', '.join(absent)}"
    wanted = {
        "runtime_sha256": subject.runtime,
        "launcher_sha256": subject.launcher,
        "chip": subject.chip,
        "platform": PLATFORM,
        "result": PASSED,
    }
    for name, value in wanted.items():
        if found[name] != value:
            return f"its {name} is '{found[name][:16]}', not '{value[:16]}'"
    if not DATE.fullmatch(found["date"]):
        return f"its date is '{found['date'][:16]}', not 'YYYY-MM-DD'"
    return ""


def _read(path: Path, fix: str) -> tuple[bytes, dict[str, Any]]:
    """A JSON object. UserError for anything else."""
    if not path.exists():
        raise UserError(str(path), "there is no such file", fix)
    raw = disk.read(path)
    try:
        found = json.loads(raw) if len(raw) <= FILE_MAX else None
    except (ValueError, RecursionError) as error:
        raise UserError(str(path), f"no JSON ({error})", fix) from error
    if not isinstance(found, dict):
        raise UserError(str(path), "no JSON object", fix)
    return raw, found
