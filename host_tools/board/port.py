"""Serial ports: whether one can be used, and what to do when it cannot."""

import errno
import grp
import os
import stat
import sys

import serial
from serial.tools import list_ports

from host_tools.errors import UserError

ABSENT = (errno.ENOENT, errno.ENODEV, errno.ENXIO)
BUSY = (errno.EBUSY, errno.EAGAIN)
FORBIDDEN = (errno.EACCES, errno.EPERM)
PLUG_IN = "plug it in, with a cable that carries data, not only power"


def is_pty(port: str) -> bool:
    """Whether this is a pseudo-terminal, so an emulated board: it has no reset line."""
    return os.path.realpath(port).startswith("/dev/pts/")


def choose(port: str | None) -> str:
    """The port that was named, else the only board that is plugged in. UserError for none or
    several: to guess would write to somebody else's board."""
    if port:
        return port
    there = {found.device: found for found in list_ports.comports() if found.vid is not None}
    if not there:
        fix = f"{PLUG_IN}, or name another with --port"
        raise UserError("the serial port", "no board is plugged in", fix)
    if len(there) > 1:
        known = ", ".join(f"{name} ({there[name].description})" for name in sorted(there))
        fix = f"name one: --port {min(there)}"
        raise UserError("the serial port", f"{len(there)} could be the board: {known}", fix)
    (only,) = there
    print(f"using {only} ({there[only].description})", file=sys.stderr, flush=True)
    return only


def check(port: str) -> None:
    """Open the port for us alone and close it again. UserError when that does not work."""
    if os.path.exists(port) and not stat.S_ISCHR(os.stat(port).st_mode):
        raise UserError(f"port {port}", "it is a file or folder, no serial port", _instead())
    try:
        serial.Serial(port, exclusive=True).close()
    except OSError as error:
        raise explain(port, error) from error


def explain(port: str, error: OSError) -> UserError:
    """What an error of opening `port` means to people: absent, busy, forbidden, or something else.

    error: of the operating system, or of pyserial, which keeps the error number.
    """
    what = f"port {port}"
    if error.errno in ABSENT:
        return UserError(what, "there is none", _instead())
    if error.errno in BUSY:
        why = "another program is using it"
        return UserError(what, why, f"close that program; 'fuser {port}' finds it")
    if error.errno in FORBIDDEN:
        why = "you may not open it"
        group = _group(port)
        fix = f"join group {group} ('sudo usermod -aG {group} $USER') and log in again"
        return UserError(what, why, fix)
    why = f"it does not work ({str(error) or type(error).__name__})"
    return UserError(what, why, "unplug the board, plug it in, and check the name of its port")


def _group(port: str) -> str:
    """Whose members may open it: dialout on most systems, uucp on some."""
    try:
        return grp.getgrgid(os.stat(port).st_gid).gr_name
    except (OSError, KeyError):
        return "dialout"


def _instead() -> str:
    """What to do about an absent port: the boards that are there, by their USB adapters."""
    there = sorted(port.device for port in list_ports.comports() if port.vid is not None)
    if there:
        return "use " + " or ".join(there)
    return PLUG_IN
