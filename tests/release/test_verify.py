"""`seesaw release verify`: by folder and over HTTP, as every device in the field sees it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from release_rig import (
    BOARD,
    DAY,
    LAUNCHER,
    NOW,
    Desk,
    release,
    rooted,
    runtime_of,
    served,
)

from host_tools.image import board as boards
from host_tools.image import bundle as bundles
from host_tools.image import filesystem
from host_tools.release import inspection, kept, publish


@pytest.fixture
def url(desk: Desk) -> Iterator[str]:
    """A static web host of the folder OUT."""
    desk.out.mkdir()
    with served(desk.out) as address:
        yield address


def verify(
    desk: Desk, where: object, capsys: pytest.CaptureFixture[str], *words: object
) -> tuple[int, dict]:
    capsys.readouterr()
    code = desk.run("verify", where, "--json", *(words or ["--no-kept"]))
    return code, json.loads(capsys.readouterr().out)


def test_over_http_as_in_the_folder(
    desk: Desk, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.sign(release("0.2.0")) == desk.drill(release("0.3.0")) == 0
    assert desk.run("rotate", "root") == desk.run("rotate", "timestamp") == 0
    assert desk.run("halt", "0.3.0") == desk.publish() == 0
    code, facts = verify(desk, url, capsys)

    assert (code, facts["good"]) == (0, True)
    assert facts["devices"] == [
        {"name": f"root {number}", "root": 3, "trouble": ""} for number in (1, 2, 3)
    ]
    assert [(one["version"], one["halted"]) for one in facts["releases"][BOARD]] == [
        ("0.2.0", False), ("0.3.0", True),
    ]  # fmt: skip
    assert facts["halted"] == ["0.3.0"]
    assert facts["drills"] == [{"board": BOARD, "version": "0.3.0", "reason": "fire drill"}]
    assert facts["expiry"]["timestamp"].startswith("2037-01-")
    assert verify(desk, desk.out, capsys) == (code, facts)


def test_it_is_a_table_for_people(desk: Desk, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.drill(release("0.2.0")) == desk.drill(release("0.3.0")) == 0
    assert desk.run("recall", "0.2.0", "--board", BOARD) == desk.publish() == 0
    capsys.readouterr()
    assert desk.run("verify", url, "--no-kept") == 0
    rows = [row.split() for row in capsys.readouterr().out.splitlines()]

    assert ["root", "1", "root", "1"] in rows
    assert [BOARD, "0.3.0", "on", "offer"] in [row[:4] for row in rows]
    assert ["recalled:", BOARD, "0.2.0"] in [row[:3] for row in rows]
    recalled = ["recalled:", "boots", "its", "other", "slot"]
    assert [BOARD, "0.2.0", "0.3.0", *recalled] in rows  # what becomes of devices that run it
    assert ["root", "2037-01-14", "3651", "days", "left"] in rows


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("metadata/timestamp.json", None, "timestamp.json is missing"),
        ("metadata/timestamp.json", b"{}", "no metadata"),
        ("metadata/2.snapshot.json", b" " * 400, "length 400 does not match"),
        (f"metadata/2.{BOARD}.json", None, f"2.{BOARD}.json is missing"),
        ("metadata/2.root.json", b"{}", "no metadata"),
    ],
)
def test_a_device_that_would_refuse_is_named(
    desk: Desk, name: str, data: bytes | None, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.drill(release("0.2.0")) == desk.publish() == 0
    path = desk.out / name
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)
    code, facts = verify(desk, desk.out, capsys)

    assert (code, facts["good"]) == (1, False)
    assert all(words in one["trouble"] for one in facts["devices"])
    assert all(one["trouble"] and one["root"] is None for one in facts["devices"])
    assert desk.run("verify", desk.out, "--no-kept") == 1
    assert "REFUSES: " in capsys.readouterr().out


def test_only_devices_behind_a_broken_root_are_lost(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert desk.run("rotate", "root") == 0
    assert desk.publish() == 0
    path = desk.out / "metadata" / "2.root.json"
    found = json.loads(path.read_bytes())
    found["signatures"] = found["signatures"][:1]
    path.write_text(json.dumps(found))
    code, facts = verify(desk, desk.out, capsys)

    assert code == 1
    assert [bool(one["trouble"]) for one in facts["devices"]] == [True, True, False]
    assert "signed by 1/2 keys" in facts["devices"][0]["trouble"]


@pytest.mark.parametrize("change", [b"", b"\xff"])
def test_a_difference_must_be_there_and_fit(
    desk: Desk, change: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.drill(release("0.2.0")) == desk.drill(release("0.3.0")) == desk.publish() == 0
    code, _ = verify(desk, desk.out, capsys)
    assert code == 0
    (path,) = (desk.out / "targets" / BOARD / "0.3.0").glob("*.bundle.*.packed")
    path.write_bytes(path.read_bytes() + change) if change else path.unlink()
    code, facts = verify(desk, desk.out, capsys)

    assert code == 1
    assert path.name in str(facts["trouble"])


@pytest.mark.parametrize("kind", ["bundle", "packed", "runtime"])
@pytest.mark.parametrize("change", [b"", b"\xff"])
def test_a_file_on_offer_must_be_there_whole(
    desk: Desk, kind: str, change: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.drill(release("0.2.0")) == desk.publish() == 0
    (path,) = (desk.out / "targets" / BOARD / "0.2.0").glob(f"*.{kind}")
    path.write_bytes(path.read_bytes() + change) if change else path.unlink()
    code, facts = verify(desk, desk.out, capsys)

    assert code == 1
    assert facts["trouble"] and not facts["devices"][0]["trouble"]


def test_time_passes(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.publish() == 0
    desk.now_s = NOW + 3653 * DAY
    code, facts = verify(desk, desk.out, capsys)

    assert code == 1 and "expired" in facts["devices"][0]["trouble"]


def test_where_there_is_nothing(desk: Desk, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.run("verify", url, "--no-kept") == 2
    assert "metadata/1.root.json: it is missing" in capsys.readouterr().err
    assert desk.run("verify", desk.folder / "none", "--no-kept") == 2
    assert "there is no such folder" in capsys.readouterr().err
    assert desk.run("verify", "http://127.0.0.1:9", "--no-kept") == 2
    error = capsys.readouterr().err
    assert "Connection refused" in error and "check the address" in error


# -- kept releases ------------------------------------------------------------------------------


def keep(desk: Desk, version: str, root: bytes | None) -> None:
    """Keep a release as the field has it; with a root, its bundle carries that, else none."""
    path = rooted(release(version), root or b"", desk.folder / f"{version}.zip")
    made, _ = kept.load(path)
    if root is None:
        image = filesystem.build_tight(made.bundle.modules, bundles.BLOCK_SIZE)
        bare = replace(made.bundle, image=image, files=made.bundle.modules)
        made = publish.pack(boards.load(BOARD), runtime_of(path), bare)
    kept.save(made, LAUNCHER, desk.folder / "kept" / version)


def test_kept_releases_are_devices_too(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """One from before trust, and one whose bundle carries the first root."""
    keep(desk, "0.1.0", None)
    keep(desk, "0.2.0", desk.roots()[0])
    assert desk.drill(release("0.3.0"), "fire drill", "--from", "0.2.0-0.2.9") == 0
    assert desk.run("rotate", "root") == desk.publish() == 0
    code, facts = verify(desk, desk.out, capsys, "--kept", desk.folder / "kept")

    assert code == 0
    assert facts["without_root"] == [f"release 0.1.0 for {BOARD}"]
    assert facts["devices"][-1] == {
        "name": f"release 0.2.0 for {BOARD}", "root": 2, "trouble": "",
    }  # fmt: skip
    stops = {row["version"]: (row["stops"], row["stuck"]) for row in facts["fleet"]}
    assert stops == {"0.1.0": ([], True), "0.2.0": (["0.3.0"], False), "0.3.0": ([], False)}


def test_a_kept_release_of_another_repository_cannot_follow(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from host_tools import cli

    line = ["release", "init", str(tmp_path / "r"), "--keys", str(tmp_path / "k")]
    assert cli.main([*line, "--now", str(NOW)]) == 0
    keep(desk, "0.2.0", (tmp_path / "r" / "metadata" / "1.root.json").read_bytes())
    assert desk.publish() == 0
    code, facts = verify(desk, desk.out, capsys, "--kept", desk.folder / "kept")

    assert code == 1
    assert [bool(one["trouble"]) for one in facts["devices"]] == [False, True]


def test_kept_releases_that_are_none_are_refused(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Misspelt, empty, a file, or one release in place of their folder: nobody would be asked."""
    assert desk.drill(release("0.2.0")) == desk.publish() == 0
    keep(desk, "0.2.0", desk.roots()[0])
    (desk.folder / "empty").mkdir()
    for name in ("none", "empty", "keys/keys.json", "kept/0.2.0"):
        capsys.readouterr()
        assert desk.run("verify", desk.out, "--kept", desk.folder / name) == 2
        captured = capsys.readouterr()
        assert captured.out == "" and captured.err.count("\n") == 1
        assert "it holds no release: no */release.json; name their folder, or say --no-kept" in (
            captured.err
        )


def test_the_projects_own_kept_releases_are_the_default(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.publish() == 0
    capsys.readouterr()
    assert desk.run("verify", desk.out, "--json") == 0
    versions = {row["version"] for row in json.loads(capsys.readouterr().out)["fleet"]}

    assert versions == set().union(*inspection.fielded(kept.RELEASES).versions.values())
    assert versions
