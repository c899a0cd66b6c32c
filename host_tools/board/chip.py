"""A chip in download mode, by esptool: what it is, and its flash. Nothing here knows a seesaw."""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from esptool import FatalError, cmds
from esptool.logger import log
from esptool.util import flash_size_bytes

from host_tools.board import port as ports
from host_tools.errors import UserError

BAUD = 460_800  # as fast as every common USB adapter can
SMALL = 65_536  # bytes: read before anybody wonders
TROUBLE = (FatalError, OSError)  # a pulled cable, or what the flash does wrong


@dataclass(frozen=True, slots=True)
class Chip:
    """name: as board.json has it; mac: '24:0a:c4:..'; flash_size: bytes, None when unknown;
    emulated: at a pseudo-terminal. Reading and writing raise TROUBLE."""

    name: str
    mac: str
    flash_size: int | None
    emulated: bool
    esp: Any

    @property
    def title(self) -> str:
        size = f"{self.flash_size >> 20}MB of flash" if self.flash_size else "flash of unknown size"
        return f"{self.esp.CHIP_NAME}, {size}, MAC {self.mac}"

    def read(self, at: int, size: int) -> bytes:
        with _talking(size > SMALL) as quiet:
            return bytes(cmds.read_flash(self.esp, at, size, no_progress=quiet))

    def md5(self, at: int, size: int) -> str:
        return str(self.esp.flash_md5sum(at, size))

    def write(self, at: int, data: bytes) -> None:
        """Erased, written, and compared by its hash."""
        # The ROM alone would take it uncompressed by default, at a quarter of the speed.
        with _talking() as quiet:
            cmds.write_flash(self.esp, [(at, data)], compress=True, no_progress=quiet)

    def verify(self, parts: list[tuple[int, bytes]]) -> None:
        """esptool's verify-flash."""
        with _talking():
            cmds.verify_flash(self.esp, list(parts))


@contextlib.contextmanager
def download_mode(port: str, *, no_stub: bool = False) -> Iterator[Chip]:
    """The chip at `port`, whatever it is; afterwards it starts what is in its flash.

    UserError when none answers, or the port is absent, busy or forbidden. What is printed
    meanwhile are messages.
    """
    emulated = ports.is_pty(port)
    if "://" not in port:
        ports.check(port)
    with contextlib.redirect_stdout(sys.stderr), _talking(False, after="auto"):
        rom = _connect(port, emulated)
        with rom:
            try:
                chip = _look(rom, emulated, no_stub)
            except TROUBLE as error:
                _leave(rom, emulated)
                fix = "run it again, perhaps with --no-stub"
                raise trouble("looking at the chip", port, error, fix) from error
            try:
                yield chip
            finally:
                _leave(chip.esp, emulated)


def _look(rom: Any, emulated: bool, no_stub: bool) -> Chip:
    esp = rom if no_stub or emulated else cmds.run_stub(rom)
    if not emulated:
        esp.change_baud(BAUD)
    cmds.attach_flash(esp)
    size = cmds.detect_flash_size(esp)
    return Chip(
        rom.CHIP_NAME.lower().replace("-", ""),
        ":".join(f"{byte:02x}" for byte in rom.read_mac()),
        flash_size_bytes(size) if size else None,
        emulated,
        esp,
    )


def _leave(esp: Any, emulated: bool) -> None:
    """Start what is in flash. Only the ROM itself can leave download mode where there is no reset
    line."""
    with contextlib.suppress(*TROUBLE):
        cmds.reset_chip(esp, "soft-reset" if emulated else "hard-reset")


def trouble(doing: str, port: str, error: Exception, fix: str) -> UserError:
    """What went wrong on the way, by the first line of what esptool says."""
    return UserError(f"{doing} at {port}", _first_line(error), fix)


def _connect(port: str, emulated: bool) -> Any:
    try:
        return cmds.detect_chip(port, connect_mode="no-reset" if emulated else "default-reset")
    except FatalError as error:
        fix = "hold BOOT, tap RESET, release BOOT, and run it again"
        if emulated:
            fix = "start the emulated board, and run it again"
        raise UserError(f"the board at {port}", _first_line(error), fix) from error
    except OSError as error:
        raise ports.explain(port, error) from error


@contextlib.contextmanager
def _talking(wanted: bool = True, *, after: str = "silent") -> Iterator[bool]:
    """esptool tells a person how far it is; where nobody looks it is quiet, which this gives."""
    quiet = not (wanted and sys.stderr.isatty())
    try:
        log.set_verbosity("silent" if quiet else "compact")
        yield quiet
    finally:
        log.set_verbosity(after)  # it is the whole process's


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
