"""The commands `seesaw backup` and `restore`: the whole flash of a board, in a file.

Beside FILE.bin stands FILE.json, which says what it is. Both are for their owner alone: the flash
holds the password of the Wi-Fi, and keys.
"""

import hashlib
import json
import sys
import time
from argparse import Namespace
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from host_tools.board import chip as chips
from host_tools.board import consent, flashing
from host_tools.board import port as ports
from host_tools.board.chip import Chip
from host_tools.errors import UserError
from host_tools.image import files
from host_tools.progress import Progress

FORMAT = 1
PIECE = 65_536  # bytes, of which every flash is a multiple
FOLDER = Path("build")
SECRETS = "it holds the Wi-Fi password and keys of the device: keep it to yourself"


@dataclass(frozen=True, slots=True)
class Saved:
    """What a backup is of. flash_size in bytes; release: 'board version', '' when it is none of
    ours; emulated: its bootloader starts on the emulator alone; date: UTC, ISO 8601."""

    format: int
    chip: str
    mac: str
    flash_size: int
    sha256: str
    release: str
    emulated: bool
    date: str

    @classmethod
    def of(cls, data: bytes, chip: str, mac: str, emulated: bool, now: float) -> "Saved":
        found = flashing.release_of(data)
        date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
        sha256 = hashlib.sha256(data).hexdigest()
        release = " ".join(found) if found else ""
        return cls(FORMAT, chip, mac, len(data), sha256, release, emulated, date)

    @classmethod
    def read(cls, path: Path) -> "Saved":
        """UserError for a file that is none of ours."""
        try:
            found = json.loads(files.read(path))
            wrong = {f.name for f in fields(cls) if type(found[f.name]) is not f.type}
            if wrong or found["format"] != FORMAT:
                raise ValueError
            return cls(**{f.name: found[f.name] for f in fields(cls)})
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            fix = "name the .bin of a seesaw backup that has its .json beside it"
            raise UserError(str(path), "it does not say what board it is of", fix) from error


def save(args: Namespace) -> int:
    """Read the whole flash at `args.port` into `args.out`, compare it, and start the board again.
    UserError when the cable is lost: then there is no file."""
    out = Path(args.out) if args.out else None
    if out:
        _check_free(out)
    args.port = ports.choose(args.port)
    with chips.download_mode(args.port, no_stub=args.no_stub) as chip:
        out = out or FOLDER / f"backup-{chip.mac.replace(':', '')}.bin"
        _check_free(out)
        print(f"{args.port}: {chip.title}: reading all of it", file=sys.stderr, flush=True)
        try:
            data = _read(args.port, chip)
        except chips.TROUBLE as error:
            fix = "nothing was written, here or there; plug it in and run it again"
            raise chips.trouble("the backup", args.port, error, fix) from error
        saved = Saved.of(data, chip.name, chip.mac, chip.emulated, time.time())
    if not args.out:
        FOLDER.mkdir(exist_ok=True)
    text = json.dumps(asdict(saved), indent=2) + "\n"
    files.replace({out: data, _beside(out): text.encode()}, private=True)
    print(f"note: {out}: {SECRETS}", file=sys.stderr)
    print(f"{out}: {saved.release or 'the flash'} of {saved.chip} {saved.mac},"
          f" {saved.flash_size} bytes, SHA-256 {saved.sha256[:16]}")  # fmt: skip
    return 0


def restore(args: Namespace) -> int:
    """Write `args.file` back to the board at `args.port`: all of it, also settings and keys.

    UserError when file and board do not fit, nobody agrees, or the cable is lost.
    """
    path = Path(args.file)
    saved, data = Saved.read(_beside(path)), files.read(path)
    if (len(data), hashlib.sha256(data).hexdigest()) != (saved.flash_size, saved.sha256):
        why = f"it is not what {_beside(path).name} says: damaged or changed"
        raise UserError(args.file, why, "take another backup; this one would not restore the board")
    args.port = ports.choose(args.port)
    with chips.download_mode(args.port, no_stub=args.no_stub) as chip:
        _check_fits(args.port, chip, saved)
        again = f"plug it in and run it again: {args.file} has all of it"
        fix = again
        try:
            found = flashing.look(chip, data)
            plan = flashing.planned(chip, data, found, set())
            _tell(args, chip, saved, [*flashing.words(plan, set()), SECRETS.capitalize() + "."])
            consent.ask(args.port, yes=args.yes)
            if not plan.always_boots:
                fix = f"{again}; until then the board may not start"
            flashing.write(chip, data, plan, set())
        except chips.TROUBLE as error:
            raise chips.trouble("restoring", args.port, error, fix) from error
    print(f"{args.port}: restored and verified {args.file}, saved {saved.date}")
    return 0


def _read(port: str, chip: Chip) -> bytes:
    """Raises TROUBLE. UserError when the flash cannot be read alike twice, or its size is not
    known."""
    if not chip.flash_size:
        fix = "look at the board: its flash does not say what it is"
        raise UserError(f"the board at {port}", "its flash is of unknown size", fix)
    progress = Progress("backup", chip.flash_size)
    data = b""
    try:
        while len(data) < chip.flash_size:
            data += _piece(chip, len(data))
            progress.at(len(data))
    finally:
        progress.end()
    if chip.md5(0, chip.flash_size) != hashlib.md5(data, usedforsecurity=False).hexdigest():
        fix = "try a shorter cable, or --no-stub"
        raise UserError(f"the board at {port}", "what was read is not what it holds", fix)
    return data


def _piece(chip: Chip, at: int) -> bytes:
    """Half of a flash is blank, and asking for a hash is quicker than reading."""
    blank = b"\xff" * PIECE
    if chip.md5(at, PIECE) == hashlib.md5(blank, usedforsecurity=False).hexdigest():
        return blank
    return chip.read(at, PIECE)


def _check_free(out: Path) -> None:
    """An older backup may be the only one of its board."""
    for path in (out, _beside(out)):
        if path.exists():
            raise UserError(str(path), "it is there already", "name another with --out FILE.bin")


def _check_fits(port: str, chip: Chip, saved: Saved) -> None:
    what, fix = f"the board at {port}", "plug in the one that was saved, or one of its kind"
    if chip.name != saved.chip:
        raise UserError(what, f"it is an {chip.name}, the backup is of an {saved.chip}", fix)
    if chip.flash_size != saved.flash_size:
        why = f"its flash has {chip.flash_size} bytes, the backup {saved.flash_size}"
        raise UserError(what, why, fix)
    if saved.emulated and not chip.emulated:
        why = "the backup is of an emulated board, and starts on no other"
        raise UserError(what, why, "choose another backup")


def _tell(args: Namespace, chip: Chip, saved: Saved, more: list[str]) -> None:
    lines = [
        f"{args.port}: {chip.title}",
        f"It becomes what {args.file} is: {saved.release or 'the flash'} of {saved.date}.",
    ]
    if saved.mac != chip.mac:
        lines.append(f"That was saved from another board, {saved.mac}.")
    print("\n".join([*lines, *more]), file=sys.stderr, flush=True)


def _beside(path: Path) -> Path:
    return path.with_suffix(".json")
