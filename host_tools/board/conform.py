"""Conformance scripts on a board at the end of a cable: what they touch is saved and restored.

A script runs at the raw prompt, by mpremote's own transport. It says `RESET ms` before the chip
resets; the board then comes back without its main.py, and the same script goes on where it was.
"""

import ast
import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from host_tools.board import saved
from host_tools.board.repl import Lost, Refused, Repl
from host_tools.errors import UserError

BACK_S = 0.8  # from a reset to a prompt, at least; a Ctrl-C before that might be lost
SILENT_S = 60.0  # a script may copy a slot without a word
RESETS_MAX = 40  # of one script
ATTEMPTS = 5  # to restore: a script may have left the watchdog armed, the port may be on its way
NVS, OTADATA = 2, 0  # subtypes of data partitions
OTA_0 = 0x10

# The watchdog of the program that ran, if any, comes first.
LOOK = """
import machine
machine.WDT(timeout=900000)
import sys
from binascii import hexlify
from esp32 import Partition
def _active():
    import struct
    from binascii import crc32
    best, raw = (0, None), bytearray(32)
    for part in Partition.find(Partition.TYPE_DATA, 0):
        for n in (0, 1):
            part.readblocks(n, raw)
            seq, state, crc = struct.unpack_from("<I20xII", raw)
            if crc == crc32(raw[:4], 0xFFFFFFFF) and state not in (3, 4) and seq > best[0]:
                best = (seq, state)
    return best
_parts = [p.info() for t in (0, 1) for p in Partition.find(t)]
_name = sys.version + " on " + getattr(sys.implementation, "_machine", "an ESP32")
print((_name, hexlify(machine.unique_id()).decode(),
       Partition(Partition.RUNNING).info()[1], _active(), _parts))
"""
# A program of the board's own would meet the script's resets: it rests under another name.
HAS_MAIN = """
import os
print("main.py" in os.listdir("/"))
"""
REST = 'import os\nos.rename("/main.py", "/main.rests")'
CLEAN = """
import machine
machine.WDT(timeout=900000)
from esp32 import NVS
try:
    NVS("conform").erase_key("step")
except OSError:
    pass
"""
SOFT_RESET = "import machine\nmachine.soft_reset()"
HARD_RESET = "import machine\nmachine.reset()"


@dataclass(frozen=True, slots=True)
class Script:
    """A conformance script: its text, what it should print, and what it touches, of TOUCHES."""

    name: str
    text: str
    wanted: str
    touches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What is at the port. parts: Partition.info() of each; active: (sequence number, state)."""

    name: str
    uid: str
    subtype: int  # of the slot that runs
    active: tuple[int, int | None]
    parts: tuple[tuple, ...]

    def label(self, kind: int, subtype: int) -> str:
        """Of the first such partition, "" for none."""
        return next((p[4] for p in self.parts if p[:2] == (kind, subtype)), "")

    def places(self, touches: str) -> tuple[str, str]:
        """(label of the partition meant by it, why there is none to run on)."""
        slots = [p for p in self.parts if p[0] == 0 and OTA_0 <= p[1] < OTA_0 + 16]
        if touches == "nvs":
            return self.label(1, NVS), "no nvs"
        if touches == "otadata":
            settled = self.active[0] and OTA_0 + (self.active[0] - 1) % 2 == self.subtype
            if self.label(1, OTADATA) and not (settled and self.active[1] == 2):
                return "", "no confirmed release in the slot that runs"
            return self.label(1, OTADATA), "no otadata"
        if touches == "other_slot":
            others = [p[4] for p in slots if p[1] != self.subtype]
            return others[0] if len(slots) == 2 == len(others) + 1 else "", "no second slot"
        return next((p[4] for p in self.parts if p[4] == touches), ""), f"no {touches}"

    def misses(self, script: Script) -> str:
        """Why the script cannot run here, "" when it can."""
        found = [self.places(touched) for touched in ("nvs", *script.touches)]
        return next((why for label, why in found if not label), "")

    def size(self, label: str) -> int:
        return next(int(p[3]) for p in self.parts if p[4] == label)


class _Reset(Exception):
    """A script says that the chip resets in so many milliseconds."""


class Visit:
    """A board whose program was stopped. Raises UserError when none is there."""

    def __init__(self, port: str, stopped: Callable[[], bool] = lambda: False) -> None:
        self.port = port
        self.stopped = stopped
        self.left = False  # it was reset already
        self.repl = Repl(port)
        if not self.repl.enter():
            self.repl.close()
            why = "no prompt answers Ctrl-C"
            raise UserError(f"the board at {port}", why, "tap RESET and try again")

    def look(self) -> Seen:
        """UserError when it is no ESP32 with MicroPython."""
        try:
            name, uid, subtype, active, parts = ast.literal_eval(self.repl.run(LOOK).strip())
        except (Refused, ValueError, SyntaxError) as error:
            why = "its prompt answers, but not as MicroPython on an ESP32"
            raise UserError(f"the board at {self.port}", why, "choose another port") from error
        return Seen(name, uid, subtype, active, tuple(parts))

    def restart(self, code: str, ms: int = 0) -> None:
        """Run code that resets, and come back to the prompt. Raises Lost."""
        self.repl.start(code)
        self.come_back(ms)

    def come_back(self, ms: int) -> None:
        """To the prompt of a chip that resets in so many milliseconds. Raises Lost."""
        time.sleep(ms / 1000 + BACK_S)
        try:
            entered = self.repl.enter()
        except Lost:  # a chip that does USB itself leaves the bus at a reset
            self.repl.read()
            entered = self.repl.enter()
        if not entered:
            raise Lost("does not come back from a reset")

    def play(self, script: Script) -> str:
        """What the script prints, over all its resets, and where it stopped short of its end.

        Raises Lost when the board does not come back; KeyboardInterrupt.
        """
        self.repl.run(CLEAN)
        self.restart(HARD_RESET)
        heard = _Heard(self.stopped)
        for _ in range(RESETS_MAX):
            try:
                self.repl.run(script.text, SILENT_S, heard)
                return heard.text
            except _Reset as reset:
                self.come_back(*reset.args)
            except Refused as error:
                return heard.text + error.traceback.replace("\r", "")
            except Lost as error:  # a reset without a word of it, or a hung program
                self.come_back(0)
                return heard.text + f"(the device {error})\n"
        return heard.text + f"more than {RESETS_MAX} resets\n"

    def leave(self) -> None:
        """Close the port; the board runs its own program again."""
        if not self.left:
            self.repl.reset(HARD_RESET)
        self.left = True
        self.repl.close()


class _Heard:
    """Takes what a script prints, byte by byte."""

    def __init__(self, stopped: Callable[[], bool]) -> None:
        self.stopped = stopped
        self.text = ""
        self._line = b""

    def __call__(self, byte: bytes) -> None:
        if self.stopped():
            raise KeyboardInterrupt
        self._line += byte
        if byte == b"\n":
            line = self._line.decode("utf-8", "replace").replace("\r", "")
            self._line = b""
            self.text += line
            word, _, ms = line.strip().partition(" ")
            if word == "RESET" and ms.isdecimal():
                raise _Reset(int(ms))


def labels(seen: Seen, scripts: list[Script]) -> list[str]:
    """The partitions that these scripts touch; nvs always, where they keep their step."""
    touched = {"nvs"}.union(*(script.touches for script in scripts))
    return [seen.places(name)[0] for name in sorted(touched)]


@contextlib.contextmanager
def saved_board(visit: Visit, touched: list[str], path: Path) -> Iterator[Callable[[Script], str]]:
    """Save to `path`; what happens within is undone at its end, and the file goes.

    Gives Visit.play, but from the same slot each time: the other one alone is saved. UserError,
    with the file and what to type, when it cannot be undone.
    """
    if path.exists():
        why = f"{path} is of an earlier run that was not undone"
        raise UserError(f"the board at {visit.port}", why, _fix(visit.port, path))
    seen = visit.look()
    visit.restart(SOFT_RESET)  # it mounts the file system, and leaves main.py alone
    main = ast.literal_eval(visit.repl.run(HAS_MAIN).strip())
    vfs = [p[4] for p in seen.parts if p[4] in ("vfs", "ffat")] if main else []
    kept = saved.keep(visit.repl, seen.uid, touched + vfs, visit.stopped)
    kept.write(path)
    home = saved.running(visit.repl)

    def play(script: Script) -> str:
        record = seen.label(1, OTADATA)
        saved.put_back(visit.repl, kept, [record] if record in kept.parts else [])
        visit.restart(HARD_RESET)
        if saved.running(visit.repl) != home:
            why, fix = f"it does not boot {home} any more", "look at it with make console"
            raise UserError(f"the board at {visit.port}", why, fix)
        return visit.play(script)

    print(f"{visit.port}: saved to {path}", file=sys.stderr, flush=True)
    try:
        if main:
            visit.repl.run(REST)
        yield play
    finally:
        visit.left = True
        visit.repl.close()
        restore(visit.port, path)


def restore(port: str, path: Path) -> None:
    """Write back what `path` keeps, reset the board, remove the file. UserError, as above."""
    kept = saved.Kept.read(path)
    why = "nothing answers"
    for _ in range(ATTEMPTS):
        try:
            _restore(port, kept)
            path.unlink()
            print(f"{port}: restored", file=sys.stderr, flush=True)
            return
        except UserError as error:
            why = f"{error.what}: {error.why}"
        except Lost as error:
            why = f"the device {error}"
        except Refused as error:
            why = f"the device says {error}"
        time.sleep(BACK_S)
    why = f"it is not as it was ({why}); all of it is in {path}"
    raise UserError(f"the board at {port}", why, "plug it in, then: " + _fix(port, path))


def _restore(port: str, kept: saved.Kept) -> None:
    """The slot that runs, if it is one of them, has to wait until the other one runs again; the
    file system comes last, since it holds the board's own program."""
    visit = Visit(port)
    try:
        seen = visit.look()
        if seen.uid != kept.uid:
            why = f"its id is {seen.uid}, the saved one's {kept.uid}"
            raise UserError("the board", why, "plug in the one that was saved")
        runs = saved.running(visit.repl)
        last = [label for label in kept.parts if label in ("vfs", "ffat")]
        first = [label for label in kept.parts if label not in (*last, runs)]
        saved.put_back(visit.repl, kept, first)
        visit.restart(HARD_RESET)
        saved.put_back(visit.repl, kept, [label for label in kept.parts if label not in last])
        saved.put_back(visit.repl, kept, last)
        visit.repl.start(HARD_RESET)
    finally:
        visit.repl.close()


def _fix(port: str, path: Path) -> str:
    return f"seesaw conformance --port {port} --restore {path}"
