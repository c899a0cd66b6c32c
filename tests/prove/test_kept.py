"""Releases that are kept: written down, taken out again, and installed years later."""

import hashlib
import json
import zipfile
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools.errors import UserError
from host_tools.prove import evidence, kits, runner
from host_tools.prove.runner import Plan, Task
from host_tools.prove.scenarios import UPDATE
from host_tools.release import development, kept, publish

BOARD = kits.DEFAULT_BOARD
KEPT_MAX = 200_000  # bytes of one kept release


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept") / "0.1.0"
    kept.save(kits.good("0.1.0"), kits.launcher(), folder)
    return folder


def copied(saved: Path, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for path in saved.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def zipped(saved: Path, path: Path, below: str = "") -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for file in saved.iterdir():
            packed.write(file, below + file.name)
    return path


def test_a_release_comes_back_as_it_was_saved(saved: Path, tmp_path: Path) -> None:
    wanted = (kits.good("0.1.0"), kits.launcher())

    assert kept.load(saved) == wanted
    assert kept.load(saved / "release.json", BOARD) == wanted
    assert kept.load(zipped(saved, tmp_path / "flat.zip")) == wanted
    assert kept.load(zipped(saved, tmp_path / "deep.zip", "0.1.0/")) == wanted


def offer(folder: Path, change: Callable[[dict], object]) -> None:
    found = json.loads((folder / "release.json").read_text())
    change(found)
    (folder / "release.json").write_text(json.dumps(found))


def bundle_of(folder: Path) -> Path:
    return next(folder.glob("bundle-*"))


def unmountable(folder: Path) -> None:
    data = b"\xff" * 1024
    bundle_of(folder).write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    offer(folder, lambda o: o["bundle"].update(size=len(data), sha256=sha256))


def lost_source(folder: Path) -> None:
    found = json.loads((folder / "companion.json").read_text())
    key = next(key for key, (name, _) in found.items() if name == "seesaw/updater.py")
    del found[key]
    (folder / "companion.json").write_text(json.dumps(found))


FAULTS: list[tuple[Callable[[Path], object], str]] = [
    (lambda f: (f / "release.json").unlink(), "release.json: it is missing"),
    (lambda f: (f / "release.json").write_text("{}"), "no offer"),
    (lambda f: (f / "launcher.txt").unlink(), "launcher.txt: it is missing"),
    (lambda f: (f / "launcher.txt").write_bytes(b"def"), "does not compile"),
    (lambda f: (f / "launcher.txt").write_bytes(b"\xff"), "no text"),
    (lambda f: (f / "companion.json").unlink(), "companion.json: it is missing"),
    (lambda f: (f / "companion.json").write_text("[1]"), "no companion"),
    (lost_source, "lacks the source of seesaw/updater.mpy"),
    (lambda f: bundle_of(f).unlink(), "it is missing"),
    (lambda f: bundle_of(f).write_bytes(b"x"), "1 bytes, "),
    (lambda f: bundle_of(f).write_bytes(bundle_of(f).read_bytes()[::-1]), "SHA-256"),
    (unmountable, "no file system"),
    (lambda f: offer(f, lambda o: o.update(version="1")), "is no version"),
    (lambda f: offer(f, lambda o: o.update(board="toaster")), "board 'toaster'"),
    (lambda f: offer(f, lambda o: o["bundle"].update(url="../x")), "a file elsewhere"),
]


@pytest.mark.parametrize(("fault", "words"), FAULTS)
def test_a_fault_is_one_clear_line(
    saved: Path, tmp_path: Path, fault: Callable[[Path], object], words: str
) -> None:
    folder = copied(saved, tmp_path / "0.1.0")
    fault(folder)
    with pytest.raises(UserError) as caught:
        kept.load(folder)

    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.fix


def test_what_is_no_kept_release_is_said_so(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("x")
    whole = zipped(saved, tmp_path / "whole.zip").read_bytes()
    (tmp_path / "torn.zip").write_bytes(whole[:200] + bytes(400) + whole[600:])
    for name in ("nowhere", "text", "torn.zip"):
        with pytest.raises(UserError, match=name):
            kept.load(tmp_path / name)
    with pytest.raises(UserError, match="for board 'esp32_wrover', not 'esp32s3'"):
        kept.load(saved, "esp32s3")


def test_what_is_kept_never_changes(saved: Path, tmp_path: Path) -> None:
    folder = copied(saved, tmp_path / "0.1.0")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    kept.save(kits.good("0.1.0"), kits.launcher(), folder)  # the same again is no change
    with pytest.raises(UserError, match="another release is kept there"):
        kept.save(kits.good("0.2.0"), kits.launcher(), folder)

    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_the_command_keeps_the_working_tree(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "releases" / "1.2.3"
    arguments = Namespace(firmware=None, board=BOARD, version="1.2.3", runtime=None, root=None,
                          trial_s=600, out=str(out))  # fmt: skip

    assert kept.keep(arguments) == 0
    assert "release 1.2.3 for esp32_wrover, kept" in capsys.readouterr().out
    (found,) = kept.all_of(BOARD, out.parent)
    assert found[0].version == "1.2.3"
    assert kept.all_of("esp32s3", out.parent) == []
    assert json.loads(found[0].files["release.json"])["trial_s"] == 600


def test_a_release_of_a_real_repository_is_proved_with_the_development_root(tmp_path: Path) -> None:
    """Nobody who proves has the maker's keys. Evidence names the bundle that ships."""
    root = development.make_root(1, development.Stranger())
    board = kits.load_board(BOARD)
    app = kits.good("0.2.0").slot[0][1]
    real = publish.make(board, "1.4.0", app, trial_s=0, root=root)
    kept.save(real, kits.launcher(), tmp_path / "1.4.0")
    subject = kits.built(tmp_path / "1.4.0", None)
    ran = subject.kit.releases["1.4.0"].bundle
    hashes = evidence.hashes_of(subject)

    assert ran.files["root.json"] == development.root()
    assert ran.modules == real.bundle.modules
    assert hashes["bundle"] == hashlib.sha256(real.bundle.image).hexdigest()
    assert hashes["bundle_with_development_root"] == hashlib.sha256(ran.image).hexdigest()
    assert runner.run(subject, Plan(), Task(UPDATE, None)).failures == []
    assert "bundle_with_development_root" not in evidence.hashes_of(kits.seesaw())


def test_versions_are_those_of_the_device() -> None:
    assert kept.newer("1.10.0", "1.9.0")
    assert [kept.above(v) for v in ("0.1.0", "0.2.7", "1.9", "2.3.0-rc1")] == [
        "0.2.0", "0.3.0", "1.10.0", "2.4.0",
    ]  # fmt: skip
    with pytest.raises(UserError, match="latest"):
        kept.above("latest")


def test_every_kept_release_is_small_and_whole() -> None:
    found = kept.all_of(BOARD)

    assert found, "nothing is kept"
    for folder in kept.RELEASES.iterdir():
        size = sum(path.stat().st_size for path in folder.iterdir())
        assert size < KEPT_MAX, f"{folder.name} has {size} bytes"
    for release, _ in found:
        assert release.bundle.files["seesaw/main.mpy"]


def test_a_device_with_a_kept_release_boots_follows_and_takes_the_working_tree() -> None:
    for release, _ in kept.all_of(BOARD):
        subject = kits.built(None, kept.RELEASES / release.version)
        result = runner.run(subject, Plan(), Task(UPDATE, None))

        assert subject.old == release.version
        assert kept.newer(subject.candidate, subject.old)
        assert result.missing == ""
        assert result.failures == []
        assert result.phases["install"] > 100


def test_a_built_candidate_is_proved_over_what_it_is_named_over(
    saved: Path, tmp_path: Path
) -> None:
    kept.save(kits.good("1.4.0"), b"# another launcher\n", tmp_path / "1.4.0")
    subject = kits.built(tmp_path / "1.4.0", zipped(saved, tmp_path / "old.zip"))
    alone = kits.built(saved, None)

    assert (subject.old, subject.candidate, subject.fix) == ("0.1.0", "1.4.0", "1.5.0")
    assert subject.kit.launcher == kits.launcher()  # the one that the device was made with
    assert kits.built(tmp_path / "1.4.0", None).kit.launcher == b"# another launcher\n"
    assert (alone.old, alone.candidate, alone.fix) == ("0.0.1", "0.1.0", "0.3.0")
    assert runner.run(alone, Plan(), Task(UPDATE, None)).failures == []
    with pytest.raises(UserError, match="not newer"):
        kits.built(saved, tmp_path / "1.4.0")
