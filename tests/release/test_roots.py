"""Whom a release's devices trust: the root in its bundle, and what is signed for them."""

import json
from pathlib import Path

import pytest
from release_rig import BOARD, NOW, Desk, contents, release, rooted, small_tree

from host_tools import cli
from host_tools.errors import UserError
from host_tools.image import bundle as bundles
from host_tools.image import filesystem
from host_tools.release import client, development, kept, publication, publish

OFFER = {
    "version": "0.2.0", "board": BOARD, "build_time": 7, "trial_s": 30,
    "runtime": {"size": 3, "sha256": "aa" * 32}, "bundle": {"size": 4, "sha256": "bb" * 32},
}  # fmt: skip


def built(out: Path, tree: Path, *words: str) -> int:
    line = ["release", "build", "--version", "1.2.0", "--board", BOARD, "--out", str(out)]
    return cli.main([*line, "--source", str(tree), "--json", *words])


# -- in the bundle ------------------------------------------------------------------------------


def test_a_release_carries_the_root_that_it_is_built_with(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = small_tree(tmp_path / "tree")
    path = desk.repo / "metadata" / "1.root.json"
    assert built(tmp_path / "mine.zip", tree, "--root", str(path)) == 0
    mine = json.loads(capsys.readouterr().out)
    assert built(tmp_path / "development.zip", tree) == 0
    development_facts = json.loads(capsys.readouterr().out)

    assert kept.load(tmp_path / "mine.zip")[0].bundle.files["root.json"] == path.read_bytes()
    assert bundles.DEVELOPMENT not in mine["notes"]
    assert bundles.DEVELOPMENT in development_facts["notes"]
    assert mine["bundle"] != development_facts["bundle"]


def test_a_file_that_is_no_root_builds_nothing(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = desk.repo / "metadata" / "timestamp.json"
    tree = small_tree(tmp_path / "tree")

    assert built(tmp_path / "a.zip", tree, "--root", str(path)) == 2
    assert "timestamp.json: it is no root file" in capsys.readouterr().err
    assert not (tmp_path / "a.zip").exists()


@pytest.mark.parametrize("whose", ["development", "enrolled", "another repository's"])
def test_a_release_whose_devices_trust_others_is_not_signed(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str], whose: str
) -> None:
    root = development.root()
    if whose == "enrolled":
        root = development.enrolled(desk.roots()[0])
    elif whose != "development":
        line = ["release", "init", str(tmp_path / "r"), "--keys", str(tmp_path / "k")]
        assert cli.main([*line, "--now", str(NOW)]) == 0
        root = (tmp_path / "r" / "metadata" / "1.root.json").read_bytes()
    path = rooted(release("0.2.0"), root, tmp_path / "other.zip")
    capsys.readouterr()

    assert desk.run("sign", path, "--without-proof", "fire drill") == 2
    error = capsys.readouterr().err
    known = "another repository" if whose == "another repository's" else "the development key"
    assert f"its devices would trust {known}" in error
    assert f"--root {desk.repo / 'metadata' / '1.root.json'}" in error


def test_a_release_without_a_root_is_not_signed(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Such as the one that is in the field from before trust."""
    path = kept.RELEASES / "0.1.0"
    assert desk.run("sign", path, "--without-proof", "fire drill") == 2
    assert "its devices would trust nobody" in capsys.readouterr().err


def test_an_older_root_of_the_repository_is_good(desk: Desk) -> None:
    assert desk.run("rotate", "root") == 0
    assert desk.run("sign", release("0.2.0"), "--without-proof", "fire drill") == 0


# -- the development repository -----------------------------------------------------------------


def test_the_development_repository_is_as_the_standard_has_it() -> None:
    files = development.files(BOARD, OFFER, b"abc", b"abcd")
    seen = publication.check(files.get, "development", development.SIGNED_S)

    assert set(seen.roles) == {"targets", BOARD, "data"}
    bundle = seen.roles[BOARD].targets[f"{BOARD}/0.2.0/bundle"]
    assert (bundle.length, bundle.hashes) == (4, {"sha256": "bb" * 32})
    assert bundle.custom["trial_s"] == 30 and bundle.custom["built"] == 7
    assert files[f"targets/{BOARD}/0.2.0/{'bb' * 32}.bundle"] == b"abcd"


def test_it_is_the_same_each_time_and_its_root_is_the_one_on_the_disk() -> None:
    assert development.files(BOARD, OFFER, b"", b"") == development.files(BOARD, OFFER, b"", b"")
    assert development.make_root() == development.root()
    assert json.loads(development.root())["signed"]["x-seesaw-development"] is True


def test_its_signatures_are_checked() -> None:
    """python-tuf can refuse it: one bit is enough."""
    files = development.files(BOARD, OFFER, b"abc", b"abcd")
    files["metadata/timestamp.json"] = files["metadata/timestamp.json"].replace(b"2036", b"2037")
    with pytest.raises(UserError, match="timestamp was signed by 0/1 keys"):
        client.look(client.of(files.get, "x"), development.root(), development.SIGNED_S)


def test_no_root_of_a_repository_ever_has_its_key(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor has a role, whatever the key is called there."""
    public = tmp_path / "public.pem"
    public.write_text(development.signer().public_key.keyval["public"])
    before = contents(desk.repo)
    uri = f"file2:{development.KEY_FILE}"
    for role in ("root", "targets", "timestamp", BOARD):
        assert desk.run("rotate", role, "--key", uri, "--public", public) == 2
        assert "it would trust the development key" in capsys.readouterr().err
    assert contents(desk.repo) == before


def test_a_device_that_is_developed_on_trusts_its_maker_still(desk: Desk) -> None:
    """The enrolled root follows the maker's chain, and takes what the development key signs."""
    root = development.enrolled(desk.roots()[0])
    assert desk.drill(release("0.2.0")) == desk.run("rotate", "root") == 0
    read = client.reader(desk.repo)
    seen = client.look(client.of(read, "x"), root, desk.now_s)
    assert (seen.root.version, development.MARK in seen.root.unrecognized_fields) == (2, False)

    files = development.files(BOARD, OFFER, b"abc", b"abcd")
    files.pop("metadata/1.root.json")
    seen = client.look(client.of(files.get, "x"), root, development.SIGNED_S)
    assert seen.root.version == 1 and BOARD in seen.roles
    assert development.enrolled(root) == root
    assert development.enrolled(development.root()) == development.root()
    with pytest.raises(ValueError, match="no root"):
        development.enrolled(b"{}")


def test_its_editions_rise_as_versions_do() -> None:
    rising = ["0.1.0", "0.2.0", "0.2.0.1-x", "0.2.1-app", "0.2.1", "0.3.0", "0.10.0", "1.0"]
    editions = [development.edition(version) for version in rising]

    assert editions == sorted(set(editions))
    assert development.edition("0.2.1-app") != development.edition("0.2.1-hang")
    assert development.edition("new") == 1


def test_what_is_said_of_a_release_is_signed_right_or_wrong() -> None:
    made = publish.reissued(kept.load(kept.RELEASES / "0.1.0")[0], 9, board="other")
    seen = client.look(
        client.of(made.site.get, "x"), development.root(), development.SIGNED_S
    )  # fmt: skip
    (bundle,) = (
        target for path, target in seen.roles[made.board].targets.items() if "bundle" in path
    )

    assert bundle.custom["boards"] == ["other"]
    assert seen.timestamp.version == 9
    assert json.loads(made.files["release.json"])["board"] == "other"
    assert filesystem.read(made.bundle.image, 512)["seesaw/main.mpy"]
