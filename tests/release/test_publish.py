"""`seesaw release publish`: a folder that devices poll meanwhile. All or nothing, in order."""

import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from release_rig import BOARD, DAY, Desk, contents, device, full_at, release, roots_of
from tuf.api.exceptions import RepositoryError

from host_tools.release import place, publication

PUBLISHES = 50


def error_of(capsys: pytest.CaptureFixture[str]) -> str:
    error = capsys.readouterr().err
    assert error.startswith("seesaw: ") and error.count("\n") == 1
    return error


def test_what_is_published_is_what_devices_need(desk: Desk) -> None:
    assert desk.sign(release("0.2.0")) == desk.publish() == 0
    ours, theirs = contents(desk.repo), contents(desk.out)

    assert {name.split("/")[0] for name in theirs} == {"metadata", "targets"}
    assert theirs == {name: ours[name] for name in ours if name in theirs}
    assert {name for name in ours if name.startswith(("metadata/", "targets/"))} == set(theirs)
    assert f"{BOARD}/0.2.0/bundle" in device(desk.out, desk.roots()[0]).targets


def test_what_is_there_already_is_left_alone(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.sign(release("0.2.0")) == desk.publish() == 0
    (desk.out / "index.html").write_text("hello")
    times = {path: path.stat().st_mtime_ns for path in desk.out.rglob("*") if path.is_file()}
    capsys.readouterr()
    assert desk.publish() == 0
    assert "0 files written" in capsys.readouterr().out
    assert desk.run("halt", "0.2.0") == desk.publish() == 0
    changed = [path.name for path, time in times.items() if path.stat().st_mtime_ns != time]

    assert changed == ["timestamp.json"]  # halting publishes this one file
    assert (desk.out / "index.html").read_text() == "hello"


# -- nobody sees a mixed set --------------------------------------------------------------------


def changes(desk: Desk, number: int) -> None:
    """One change, another at each number."""
    kinds: list[Callable[[], int]] = [
        lambda: desk.drill(release(f"0.{2 + number // 8}.{number % 8}")),
        lambda: desk.run("rotate", "timestamp"),
        lambda: desk.run("halt", "0.2.0"),
        lambda: desk.run("rotate", "targets", "--everywhere"),
        lambda: desk.run("renew", "snapshot", BOARD),
        lambda: desk.run("rotate", "snapshot"),
        lambda: desk.run("resume", "0.2.0"),
        lambda: desk.run("rotate", "root"),
    ]
    assert kinds[number % len(kinds)]() == 0


def test_a_device_that_polls_during_fifty_publishes_sees_no_mixed_set(desk: Desk) -> None:
    assert desk.drill(release("0.2.0")) == desk.publish() == 0
    root = desk.roots()[0]
    done = threading.Event()
    seen: list[int] = []
    faults: list[BaseException] = []

    def poll() -> None:
        while not done.is_set():
            try:
                seen.append(device(desk.out, root).version)
            except Exception as error:
                faults.append(error)
                return

    poller = threading.Thread(target=poll)
    poller.start()
    for number in range(PUBLISHES):
        changes(desk, number)
        assert desk.publish() == 0
    done.set()
    poller.join()

    assert not faults, repr(faults)
    assert len(seen) >= 20 and seen == sorted(seen) and len(set(seen)) > 5


@pytest.mark.parametrize("lag", [1, 8])
def test_between_any_two_renames_every_device_can_follow(
    desk: Desk, lag: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each rename, devices with every root that is there look. lag: changes a publish."""
    assert desk.drill(release("0.2.0")) == desk.publish() == 0
    real, looks = os.replace, []

    def replace(source: Path, target: Path) -> None:
        real(source, target)
        if desk.out in Path(target).parents and not Path(target).name.startswith("before-"):
            looks.extend(device(desk.out, root).version for root in roots_of(desk.out))

    for number in range(1, 17):
        changes(desk, number)
        if number % lag == 0:
            monkeypatch.setattr(place.os, "replace", replace)
            assert desk.publish() == 0
            monkeypatch.setattr(place.os, "replace", real)

    assert len(looks) > 60 and max(looks) == desk.role().version


def test_a_lost_timestamp_key_makes_a_seam_and_says_so(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """The new timestamp has no signature of the old key, so no order suits both roots."""
    assert desk.drill(release("0.2.0")) == desk.publish() == 0
    (desk.keys / "online" / "timestamp-1.pem").unlink()
    assert desk.run("rotate", "timestamp") == 0
    assert "no order of files avoids" in capsys.readouterr().out
    assert desk.publish() == 0
    assert "no order of files avoids" in capsys.readouterr().out

    assert device(desk.out, desk.roots()[0]).version == 2


# -- whatever goes wrong, OUT is as it was -------------------------------------------------------


def tampered(desk: Desk) -> None:
    """A board's role loses its signature: the threshold is not met."""
    path = desk.repo / "metadata" / f"2.{BOARD}.json"
    found = json.loads(path.read_bytes())
    found["signatures"] = []
    path.write_text(json.dumps(found))


def expired(desk: Desk) -> None:
    desk.now_s += 3700 * DAY


def lacking(desk: Desk) -> None:
    next((desk.repo / "targets" / BOARD / "0.2.0").glob("*.bundle")).unlink()


def damaged(desk: Desk) -> None:
    next((desk.repo / "targets" / BOARD / "0.2.0").glob("*.runtime")).write_bytes(b"\xff" * 100)


def lost_root(desk: Desk) -> None:
    """The second root has only one good signature of two."""
    assert desk.run("rotate", "root") == 0
    path = desk.repo / "metadata" / "2.root.json"
    found = json.loads(path.read_bytes())
    found["signatures"] = found["signatures"][:1]
    path.write_text(json.dumps(found))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (tampered, ["2.esp32_wrover.json"]),
        (expired, ["root 1", "expired", "renew"]),
        (lacking, ["0.2.0", ".bundle is missing"]),
        (damaged, ["length"]),
        (lost_root, ["2.root.json", "signed by 1/2 keys", "threshold"]),
    ],
)
@pytest.mark.parametrize("new", [True, False])
def test_a_bad_repository_is_not_published(
    desk: Desk, spoil: Callable[[Desk], None], words: list[str], new: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    if not new:
        assert desk.publish() == 0
    before = contents(desk.out)
    assert desk.drill(release("0.2.0")) == 0
    spoil(desk)
    capsys.readouterr()

    assert desk.publish() == 2
    error = error_of(capsys)
    for word in words:
        assert word in error
    assert contents(desk.out) == before and desk.out.exists() != new


def test_no_room_for_temporary_files_is_no_fault_of_the_repository(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full_at(monkeypatch, publication, "check", 1500)

    assert desk.publish() == 2
    assert error_of(capsys).endswith("File too large; make room for temporary files\n")


def test_a_root_that_is_missing_in_the_chain_is_named(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.run("rotate", "root") == desk.run("rotate", "root") == 0
    (desk.repo / "metadata" / "2.root.json").unlink()
    capsys.readouterr()

    assert desk.publish() == 2
    assert "metadata/2.root.json: it is missing" in error_of(capsys)


def test_a_file_in_the_place_of_the_folder(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.out.write_text("a file")
    assert desk.publish() == 2
    assert "it is no folder" in error_of(capsys)
    assert desk.out.read_text() == "a file"
    assert desk.run("publish", desk.out / "below") == 2
    assert "cannot be written" in error_of(capsys)
    assert desk.out.read_text() == "a file"


def test_a_full_device_leaves_it_as_it_was(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.publish() == desk.drill(release("0.2.0")) == 0
    before = contents(desk.out)
    full_at(monkeypatch, place, "put", 1500)
    capsys.readouterr()

    assert desk.publish() == 2
    assert "cannot be written (file too large); it is as it was" in error_of(capsys)
    assert contents(desk.out) == before
    assert desk.run("publish", desk.folder / "new") == 2
    assert not (desk.folder / "new").exists()


def test_an_error_in_the_middle_of_the_renames_is_undone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.publish() == desk.drill(release("0.2.0")) == desk.run("rotate", "timestamp") == 0
    before = contents(desk.out)
    real = os.replace
    codes = []
    for last in range(1, 10):
        left = [last]

        def replace(source: Path, target: Path, left: list[int] = left) -> None:
            if desk.out in Path(target).parents:
                left[0] -= 1
                if left[0] == 0:
                    raise OSError(5, "Input/output error")
            real(source, target)

        monkeypatch.setattr(place.os, "replace", replace)
        capsys.readouterr()
        codes.append(desk.publish())
        monkeypatch.setattr(place.os, "replace", real)
        if codes[-1] == 0:
            break
        assert "input/output error" in error_of(capsys)
        assert contents(desk.out) == before and not list(desk.out.glob(place.STAGING + "*"))

    assert codes == [2] * 7 + [0]  # three files, two of metadata, a timestamp, a root


def test_another_repository_is_not_overwritten(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from host_tools import cli

    line = ["release", "init", str(tmp_path / "r"), "--keys", str(tmp_path / "k")]
    assert cli.main(line) == cli.main(["release", "publish", str(tmp_path / "r"), str(desk.out)])
    before = contents(desk.out)
    capsys.readouterr()

    assert desk.publish() == 2
    assert "was not made by this copy" in error_of(capsys)
    (desk.out / "metadata" / "timestamp.json").unlink()
    assert desk.publish() == 2
    assert "another repository is published there" in error_of(capsys)
    assert contents(desk.out) == {
        name: data for name, data in before.items() if name != "metadata/timestamp.json"
    }


def test_an_older_copy_is_not_published_over_a_newer_one(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(desk.repo, desk.folder / "older")
    assert desk.drill(release("0.2.0")) == desk.publish() == 0
    before = contents(desk.out)
    shutil.rmtree(desk.repo)
    (desk.folder / "older").rename(desk.repo)
    capsys.readouterr()

    assert desk.publish() == 2
    assert "devices refuse to go back" in error_of(capsys)
    assert desk.drill(release("0.3.0")) == 0  # and two histories of one number
    assert desk.publish() == 2
    assert "was not made by this copy" in error_of(capsys)
    assert contents(desk.out) == before


def test_files_are_on_the_disk_before_they_have_their_names(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What os.fsync was asked for, against what is renamed: a power cut leaves no empty file."""
    assert desk.drill(release("0.2.0")) == 0
    synced: set[int] = set()
    order: list[str] = []
    real, renamed = os.replace, []

    def replace(source: Path, target: Path) -> None:
        if desk.out in Path(target).parents:
            renamed.append(os.stat(source).st_ino in synced)
            order.append(Path(target).relative_to(desk.out).as_posix())
        real(source, target)

    def fsync(handle: int) -> None:
        synced.add(os.fstat(handle).st_ino)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(place.os, "replace", replace)
    assert desk.publish() == 0

    assert len(renamed) > 10 and all(renamed)
    assert [name.startswith("targets/") for name in order] == [True] * 3 + [False] * (
        len(order) - 3
    )
    assert order[-2:] == ["metadata/1.root.json", "metadata/timestamp.json"]
    folders = (desk.out / "metadata", desk.out / "targets" / BOARD / "0.2.0")
    assert all(folder.stat().st_ino in synced for folder in folders)


def test_what_lies_about_is_not_published(desk: Desk) -> None:
    """A private key in the wrong folder, an editor's copy: none of it goes to the web."""
    for name in ("targets-1.pem", "1.root.json~", ".1.root.json.swp", "notes.txt"):
        (desk.repo / "metadata" / name).write_text("secret")
    (desk.repo / "targets").mkdir()
    (desk.repo / "targets" / "root-1.pem").write_text("secret")
    assert desk.publish() == 0

    assert b"secret" not in contents(desk.out).values()
    assert len(contents(desk.out)) == 10


def test_a_device_that_misses_files_would_refuse_them(desk: Desk) -> None:
    """The device of these tests can fail: a mixed set, made by hand, is one."""
    assert desk.drill(release("0.2.0")) == desk.publish() == 0
    assert desk.run("rotate", "timestamp") == 0
    stale = (desk.out / "metadata" / "timestamp.json").read_bytes()
    assert desk.publish() == 0
    assert desk.run("halt", "0.2.0") == desk.publish() == 0
    (desk.out / "metadata" / "timestamp.json").write_bytes(stale)

    with pytest.raises(RepositoryError):
        device(desk.out, desk.roots()[0])
    assert publication.step_of(lambda path: None) is None
