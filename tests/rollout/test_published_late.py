"""A stop that was signed and did not get out, as when the disk of the host was full: the same
command, or the next watch, publishes it."""

import json
from pathlib import Path
from typing import Any

import pytest
from release_rig import BOARD, contents
from staged_rig import NEW, OTHER, Staged

from host_tools.errors import UserError
from host_tools.release import place

HOUR = 3600


def error_of(capsys: pytest.CaptureFixture[str]) -> str:
    error = capsys.readouterr().err
    assert error.startswith("seesaw: ") and error.count("\n") == 1
    return error


def published(desk: Staged) -> dict[str, bytes]:
    return contents(desk.out)


@pytest.mark.parametrize(("before", "verb"), [
    ("halt", "halt"), ("pause", "pause"), ("halt", "pause"), ("recall", "recall"),
])  # fmt: skip
def test_what_was_signed_and_not_published_is_published_by_the_same_command(
    ring2: Staged, before: str, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ring2.publish() == 0
    assert ring2.roll(before) == 0
    signed, served = contents(ring2.repo), published(ring2)
    capsys.readouterr()
    assert ring2.roll(verb) == 2
    assert "if it is not published yet: the same with --out" in error_of(capsys)
    assert ring2.roll(verb, "--out", ring2.out, "--dry-run") == 0
    assert "files would be written, and none was" in capsys.readouterr().out
    assert published(ring2) == served

    assert ring2.roll(verb, "--out", ring2.out) == 0
    out = capsys.readouterr().out
    assert "already" in out and f"{ring2.out}: published" in out
    assert contents(ring2.repo) == signed
    stamp = "metadata/timestamp.json"
    assert published(ring2)[stamp] == signed[stamp] != served[stamp]
    assert ring2.roll(verb, "--out", ring2.out) == 2
    assert "it is published, too: nothing is to be done" in error_of(capsys)


def test_a_ring_that_did_not_get_out_is_not_passed_over(
    ring2: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who types `widen` again after publishing failed means the same ring."""
    assert ring2.publish() == 0
    assert ring2.roll("widen") == 0
    signed, served = contents(ring2.repo), published(ring2)
    capsys.readouterr()
    assert ring2.roll("widen", "--out", ring2.out) == 2
    error = error_of(capsys)
    assert "is not published there" in error and "first: seesaw release publish" in error
    assert (contents(ring2.repo), published(ring2)) == (signed, served)
    assert ring2.publish() == 0
    assert ring2.roll("widen", "--out", ring2.out) == 0


def test_programs_are_told_what_was_published_late(
    ring2: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    for verb, facts in (("pause", {"stop": "pause"}), ("recall", {"recalled": [BOARD, OTHER]})):
        assert ring2.roll(verb) == 0
        capsys.readouterr()
        assert ring2.roll(verb, "--out", ring2.out, "--json") == 0
        found = json.loads(capsys.readouterr().out)
        assert facts.items() <= found.items() and not found["dry_run"]
        assert found["files"][-1]["path"] == f"{ring2.out}/metadata/timestamp.json"


def halts(folder: Path) -> list[str]:
    found = json.loads((folder / "metadata" / "timestamp.json").read_bytes())
    return list(found["signed"]["x-seesaw-halt"])


def test_a_stop_that_was_not_published_is_by_the_next_watch(
    ring4: Staged, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a crontab, and once the disk of the host is full."""
    assert ring4.publish() == 0
    ring4.only_online()
    ring4.now_s += HOUR
    line = (ring4.log(ring4.bad(40)), "--out", ring4.out)
    put = place.put

    def full(folder: Path, items: Any) -> None:
        if folder == ring4.out:
            raise UserError(str(folder), "it cannot be written (no space left)", "make room")
        put(folder, items)

    with monkeypatch.context() as patch:
        patch.setattr(place, "put", full)
        assert ring4.roll("watch", *line) == 2
        assert ring4.roll("watch", *line) == 2  # and it is still full an hour later
    assert ring4.halted() == [NEW] and halts(ring4.out) == []
    capsys.readouterr()
    assert ring4.roll("watch", *line, keys=False) == 1
    assert ring4.roll("watch", *line, "--dry-run") == 1
    assert "that would be published" in capsys.readouterr().err and halts(ring4.out) == []

    assert ring4.roll("watch", *line) == 1
    captured = capsys.readouterr()
    assert f"{ring4.out} did not say so: published now" in captured.err
    assert "it is paused since" in captured.out and halts(ring4.out) == [NEW]
    before = ring4.all_files()
    assert ring4.roll("watch", *line) == 1
    assert capsys.readouterr().err == "" and ring4.all_files() == before


def test_a_stop_is_published_whatever_the_logs_are(
    ring4: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    """They begin anew each night, and a rollout does not go on for that."""
    assert ring4.publish() == ring4.roll("halt") == 0
    capsys.readouterr()
    assert ring4.roll("watch", ring4.log([]), "--out", ring4.out) == 2
    assert "published now" in capsys.readouterr().err and halts(ring4.out) == [NEW]


def test_a_watch_publishes_nothing_else_that_the_desk_has_signed(ring4: Staged) -> None:
    assert ring4.roll("pause", "--out", ring4.out) == 0
    assert ring4.run("halt", "0.2.0") == 0
    ring4.now_s += HOUR
    before = ring4.all_files()
    assert ring4.roll("watch", ring4.log(ring4.good(40)), "--out", ring4.out) == 0
    assert ring4.all_files() == before


def test_a_site_that_is_spoilt_is_no_excuse(ring4: Staged) -> None:
    assert ring4.roll("halt") == 0
    (ring4.out / "metadata" / "timestamp.json").write_text("{")
    (ring4.out / "metadata" / "1.root.json").unlink()
    ring4.now_s += HOUR
    assert ring4.roll("watch", ring4.log(ring4.bad(40)), "--out", ring4.out) == 1
    assert halts(ring4.out) == [NEW]
