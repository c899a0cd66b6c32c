"""A visit to a seesaw at the end of a cable: is it one, and does it take our commands?"""

import ast
import contextlib
import re
import time
from collections.abc import Iterator

from host_tools.board.repl import Lost, Refused, Repl
from host_tools.errors import UserError

MPY = 6  # version of .mpy files that a bundle holds
BOOT_S = 40  # from a reset to the first line of a seesaw: Wi-Fi and a provider may not answer
LINE = re.compile(r"seesaw [a-z]+=.*")

# What runs there, and whether it is a seesaw: by the launcher's object, if it had come so far that
# the bundle can be imported, else by the slot's trailer.
LOOK = """
import sys
def _launched():
    try:
        import seesaw
    except ImportError:
        return False
    return "trailer" in dir(globals().get("boot"))
def _slot():
    try:
        from esp32 import Partition
        part = Partition(Partition.RUNNING)
        magic = bytearray(8)
        part.readblocks(part.info()[3] // 4096 - 1, magic)
        return magic == b"SEESAW\\x00\\x01"
    except Exception:
        return False
_i = sys.implementation
print((_launched(), _slot(), sys.version,
       getattr(_i, "_machine", ""), getattr(_i, "_mpy", 0) & 255))
"""
# The watchdog first; then the interrupted program's tasks, which hold most of the memory.
ARRIVE = """
boot.wdt.feed()
import asyncio, gc
asyncio.new_event_loop()
gc.collect()
"""
RESET = "import machine\nmachine.reset()"
LEAVE = 'boot.reset("%s")'


class Visit:
    """A seesaw whose program was interrupted. mpy: version of .mpy files that it loads."""

    def __init__(self, repl: Repl, mpy: int) -> None:
        self.repl = repl
        self.mpy = mpy
        self.left = False  # it was reset already


@contextlib.contextmanager
def visit(port: str, why: str) -> Iterator[Visit]:
    """Interrupt the seesaw at `port`; afterwards it is reset, so that it runs its release again.

    why: last words of that reset. UserError when no seesaw is there, or the cable gets lost.
    """
    repl = Repl(port)
    try:
        found = _arrive(repl)
        try:
            yield found
        finally:
            if not found.left:
                repl.reset(LEAVE % why)
    except Refused as error:
        why, fix = f"it says {error}", "it was reset; try again"
        raise UserError(f"the seesaw at {port}", why, fix) from error
    except Lost as error:
        fix = "plug it in and try again; by itself it runs its release again in 15 minutes"
        raise UserError(f"the cable to {port}", f"the device {error}", fix) from error
    finally:
        repl.close()


def _arrive(repl: Repl) -> Visit:
    launched, ours, version, machine, mpy = _look(repl)
    if not launched:
        if not ours:
            why = f"it runs {_name(version, machine)}, but no seesaw"
            fix = f"write one to it: seesaw flash --port {repl.port} --image build/flash.bin"
            raise UserError(f"the board at {repl.port}", why, fix)
        # A soft reset has left it at the prompt: mpremote does one unless told to resume.
        repl.start(RESET)
        _wait_for_lines(repl)
        launched, _, _, _, mpy = _look(repl)
    if not launched:
        why = "its launcher does not come to the start of a program"
        fix = f"see what it says: seesaw console --port {repl.port}"
        raise UserError(f"the seesaw at {repl.port}", why, fix)
    repl.run(ARRIVE)
    return Visit(repl, mpy)


def _look(repl: Repl) -> tuple[bool, bool, str, str, int]:
    """(has the launcher run, is it a seesaw, version, machine, .mpy version)."""
    if not repl.enter():
        raise _deaf(repl)
    try:
        launched, ours, version, machine, mpy = ast.literal_eval(repl.run(LOOK).strip())
    except (Refused, ValueError, SyntaxError) as error:
        why = "its prompt answers, but not as MicroPython on an ESP32"
        raise UserError(f"the board at {repl.port}", why, "choose another port") from error
    return bool(launched), bool(ours), version, machine, mpy


def _deaf(repl: Repl) -> UserError:
    """Why Ctrl-C brings no prompt, as far as what it said tells."""
    lines = LINE.findall(repl.heard.replace("\\r\\n", "\n"))
    if lines:
        why = f"it takes no Ctrl-C, as in a trial; it says '{lines[-1].strip()}'"
        fix = "wait until the trial is over, then try again"
    elif repl.heard.strip("b'\n"):
        why, fix = "what it says is not of a seesaw", "choose another port"
    else:
        why, fix = "it says nothing", "check its power and the port, or tap RESET and try again"
    return UserError(f"the board at {repl.port}", why, fix)


def _wait_for_lines(repl: Repl) -> None:
    text, end_s = "", time.monotonic() + BOOT_S
    while not LINE.search(text) and time.monotonic() < end_s:
        text = (text + repl.read())[-1000:]


def _name(version: str, machine: str) -> str:
    found = re.search(r"MicroPython [\w.-]+", version)
    return (found[0] if found else "MicroPython") + (f" on {machine}" if machine else "")
