"""What a post-mortem says of the proofs of releases: as the repository was signed."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from release_rig import BOARD, Desk, bundle_of, evidence, release, sha256

from host_tools import cli

sys.path.append(str(Path(__file__).parents[1] / "incident"))

from telling import folder
from test_incident_site import RESOLVED

AFTER = "2026-11-28T10:00Z"


@pytest.fixture
def told(tmp_path: Path) -> Path:
    return folder(tmp_path, RESOLVED)


def written(told: Path, desk: Desk, *words: object) -> str:
    line = ["incident", "postmortem", str(told), "--repository", str(desk.repo), "--now", AFTER]
    assert cli.main([*line, "--release", "0.2.0", "--fix", "0.3.0", *map(str, words)]) == 0
    return (told.parent / "postmortems" / told.name).read_text()


def sign(desk: Desk, version: str, *words: object) -> dict[str, Any]:
    found = evidence(release(version))
    path = desk.folder / f"{version}.json"
    path.write_text(json.dumps(found))
    more = words or ("--evidence", path)
    assert desk.run("sign", release(version), *more) == 0
    return found


def test_what_was_signed_with_a_proof_and_what_without(told: Path, desk: Desk) -> None:
    """The evidence is the repository's own copy."""
    sign(desk, "0.2.0", "--without-proof", "a `drill` | # of fire")
    sign(desk, "0.3.0")
    text = written(told, desk)

    assert (f"**For `{BOARD}` it was signed without a proof** (`--without-proof`): "
            "`a ?drill? ? # of fire`.") in text  # fmt: skip
    assert "**No evidence of a proof is at hand.**" in text.partition("#### The fix")[0]
    fix = text.partition("#### The fix, `0.3.0`")[2]
    kept = sha256((desk.folder / "0.3.0.json").read_bytes())
    assert f"was signed with the evidence `{kept[:16]}`, which is below" in fix
    assert f"its bundle is `{sha256(bundle_of(release('0.3.0')))}`" in fix
    assert f"| evidence, SHA-256 | `{kept}` |" in fix and "No evidence" not in fix
    assert "? interrupted states" in fix  # of an evidence that does not say


def test_evidence_that_is_lost_is_missed(told: Path, desk: Desk) -> None:
    sign(desk, "0.2.0")
    for path in (desk.repo / "evidence").iterdir():
        path.unlink()
    text = written(told, desk)

    assert "**which is missing**" in text and "**No evidence of a proof is at hand.**" in text
    assert "**The repository has no such release.**" in text.partition("#### The fix")[2]
    again = written(told, desk, "--evidence", desk.folder / "0.2.0.json")
    assert "which is below" in again and "which is missing" not in again


def test_another_proof_of_the_same_version_is_told_apart(told: Path, desk: Desk) -> None:
    sign(desk, "0.2.0")
    other = desk.folder / "other.json"
    other.write_text(json.dumps(evidence(release("0.2.0"), seed=7)))
    text = written(told, desk, "--evidence", other)

    before, _, after = text.partition("Not what it was signed with:")
    assert "which is below" in before and "seed" not in before
    assert after.index("seed 7") < after.index("seed 0")  # its own, without such words
    assert "Not what it was signed with:" not in after


def test_a_release_that_is_listed_no_more_is_found(told: Path, desk: Desk) -> None:
    sign(desk, "0.2.0", "--without-proof", "fire drill")
    assert desk.run("recall", "0.2.0", "--board", BOARD) == 0
    assert "fire drill" in written(told, desk)
