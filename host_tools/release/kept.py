"""Releases that are kept: a folder with all that a proof needs to install one again, years later.

    release.json     the offer as the web host serves it, and the files that it names
    companion.json   the sources of its modules, as CPython cannot run `.mpy`
    launcher.txt     the launcher of a device that was manufactured with it; no .py, so that no rule
                     for sources that may still change is held against it

Such a folder may also come as a zip. What is kept never changes: devices in the field run it.
"""

import hashlib
import io
import json
import zipfile
import zlib
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from littlefs import LittleFSError
from seesaw.core import version as versions
from seesaw.pushed import parse
from seesaw.update.errors import BadOffer
from seesaw.update.offer import Offer, Part

from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import bundle as bundles
from host_tools.image import files as disk
from host_tools.image import filesystem, flash_image, runtime
from host_tools.image.bundle import Bundle, Companion
from host_tools.release import development, publish
from host_tools.release.publish import OFFER, Release

RELEASES = bundles.FIRMWARE.parent / "tests" / "releases"
COMPANION, LAUNCHER = "companion.json", "launcher.txt"
FILE_MAX = 16 << 20  # bytes of one file in a zip: the largest flash of a board
AGAIN = "keep the release again with 'seesaw release keep'"

Reader = Callable[[str], bytes]  # a file of the kept release by its name


# -- versions ----------------------------------------------------------------------------------


def newer(one: str, other: str) -> bool:
    """As the device compares them. UserError for a version that has no form."""
    try:
        return versions.newer(one, other)
    except ValueError as error:
        raise UserError(f"version '{one}' or '{other}'", str(error), "use 1.2.3") from error


def above(version: str) -> str:
    """The next minor version: '0.3.0' for '0.2.7'. UserError as newer()."""
    newer(version, version)
    major, minor = version.split("-")[0].split("+")[0].split(".")[:2]
    return f"{major}.{int(minor) + 1}.0"


# -- keeping -----------------------------------------------------------------------------------


def keep(arguments: Namespace) -> int:
    """`seesaw release keep`: the working tree as a kept release. UserError otherwise.

    arguments: firmware, board, version, runtime, root, trial_s, out; None stands for the default.
    """
    source = Path(arguments.firmware) if arguments.firmware else bundles.FIRMWARE
    board = boards.load(arguments.board)
    app = runtime.synthetic(board)[1]
    if arguments.runtime:
        app = runtime.load(Path(arguments.runtime), board).app
    root = bundles.read_root(Path(arguments.root)) if arguments.root else None
    made = publish.make(
        board, arguments.version, app, source=source, trial_s=arguments.trial_s, root=root
    )  # fmt: skip
    folder = Path(arguments.out) if arguments.out else RELEASES / made.version
    save(made, disk.read(source / "launcher" / "main.py"), folder)
    print(f"{folder}: release {made.version} for {made.board}, kept")
    return 0


def save(release: Release, launcher: bytes, folder: Path) -> None:
    """Write a release down. UserError when the folder holds another one, or cannot be written."""
    wanted = {
        **release.files,
        COMPANION: bundles.companion_bytes(release.bundle.companion),
        LAUNCHER: launcher,
    }
    for name, data in wanted.items():
        path = folder / name
        if path.exists() and disk.read(path) != data:
            raise UserError(str(path), "another release is kept there", "use a higher version")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(str(folder), str(error.strerror), "name a writable folder") from error
    disk.replace({folder / name: data for name, data in wanted.items()})


# -- taking out again --------------------------------------------------------------------------


def all_of(board: str, folder: Path = RELEASES) -> list[tuple[Release, bytes]]:
    """Every release that is kept for a board, and its launcher, the oldest first.

    UserError as load().
    """
    found = [load(path) for path in sorted(folder.glob(f"*/{OFFER}"))]
    mine = [one for one in found if one[0].board == board]
    return sorted(mine, key=lambda one: versions.key(one[0].version))


def load(path: Path, board: str = "") -> tuple[Release, bytes]:
    """A kept release and its launcher. path: the folder, its release.json, or a zip of it.

    board: the one that it must be for, "" for any. UserError for whatever is missing or wrong.
    """
    read = _reader(path)
    offer = _offer(read(OFFER), path)
    if board and offer.board != board:
        why = f"it is for board '{offer.board}', not '{board}'"
        raise UserError(str(path), why, f"name a release for '{board}'")
    app, image = (_part(read, part, path) for part in (offer.runtime, offer.bundle))
    built = _bundle(offer.version, image, _companion(read(COMPANION), path), path)
    launcher = read(LAUNCHER)
    _check_launcher(launcher, path)
    slot = flash_image.slot_image(boards.load(offer.board), app, built, offer.build_time)
    files = {OFFER: read(OFFER), offer.runtime.url: app, offer.bundle.url: image}
    site = publish.site_of(offer.board, files)
    return Release(offer.version, offer.board, files, built, slot, site), launcher


def provable(made: Release) -> Release:
    """The release as it can be proved: nobody here has the keys of a real repository, so its root
    gives way to the development one. All else is what ships. From before trust: as it is."""
    root = development.root()
    if made.bundle.files.get(bundles.ROOT, root) == root:
        return made
    offer = parse(made.files[OFFER])
    return publish.pack(
        boards.load(made.board), made.files[offer.runtime.url],
        bundles.with_root(made.bundle, root), trial_s=offer.trial_s, build_time=offer.build_time,
    )  # fmt: skip


def _reader(path: Path) -> Reader:
    if path.name == OFFER:
        path = path.parent
    if path.is_dir():
        return lambda name: _file(path / name)
    if not path.exists():
        raise UserError(str(path), "there is none", "name a kept release: a folder or a zip of it")
    data = disk.read(path)
    try:
        packed = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        why = "neither a folder with a release.json nor a zip of one"
        raise UserError(str(path), why, AGAIN) from error
    tops = [name for name in packed.namelist() if PurePosixPath(name).name == OFFER]
    if len(tops) != 1:
        raise UserError(str(path), f"it holds {len(tops)} {OFFER}", "zip one kept release")
    return lambda name: _zipped(packed, tops[0].removesuffix(OFFER) + name, path)


def _file(path: Path) -> bytes:
    if not path.exists():
        raise UserError(str(path), "it is missing", AGAIN)
    return disk.read(path)


def _zipped(packed: zipfile.ZipFile, name: str, path: Path) -> bytes:
    where = f"{path}, {name}"
    try:
        if packed.getinfo(name).file_size > FILE_MAX:
            raise UserError(where, f"it is larger than {FILE_MAX} bytes", AGAIN)
        return packed.read(name)
    except KeyError as error:
        raise UserError(where, "it is missing", AGAIN) from error
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise UserError(where, f"it cannot be unpacked: {error}", "zip it again") from error


def _offer(raw: bytes, path: Path) -> Offer:
    try:
        offer = parse(raw)
    except BadOffer as error:
        raise UserError(f"{path}, {OFFER}", f"no offer: {error}", AGAIN) from error
    if not bundles.VERSION_FORM.fullmatch(offer.version):
        raise UserError(f"{path}, {OFFER}", f"'{offer.version}' is no version", AGAIN)
    return offer


def _part(read: Reader, part: Part, path: Path) -> bytes:
    """The bytes of runtime or bundle, as the offer promises them."""
    where = f"{path}, {part.url}"
    if PurePosixPath(part.url).name != part.url or "\\" in part.url:
        raise UserError(where, "the offer names a file elsewhere", AGAIN)
    data = read(part.url)
    if len(data) != part.size:
        raise UserError(where, f"{len(data)} bytes, {part.size} are promised", AGAIN)
    if hashlib.sha256(data).digest() != part.sha256:
        raise UserError(where, "its SHA-256 is not the one promised", AGAIN)
    return data


def _companion(raw: bytes, path: Path) -> Companion:
    try:
        return {key: (str(name), str(text)) for key, (name, text) in json.loads(raw).items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise UserError(f"{path}, {COMPANION}", "no companion of sources", AGAIN) from error


def _bundle(version: str, image: bytes, companion: Companion, path: Path) -> Bundle:
    try:
        if not image or len(image) % bundles.BLOCK_SIZE:
            raise ValueError
        files = filesystem.read(image, bundles.BLOCK_SIZE)
    except (LittleFSError, ValueError) as error:
        raise UserError(str(path), f"the bundle of {version} is no file system", AGAIN) from error
    for name, data in files.items():
        module = name not in bundles.DATA
        if module and hashlib.sha256(data).hexdigest() not in companion:
            raise UserError(f"{path}, {COMPANION}", f"it lacks the source of {name}", AGAIN)
    return Bundle(image, files, companion, version)


def _check_launcher(launcher: bytes, path: Path) -> None:
    try:
        bundles.compile_module("main.py", launcher.decode())
    except UnicodeDecodeError as error:
        raise UserError(f"{path}, {LAUNCHER}", "it is no text", AGAIN) from error
