"""The command `seesaw console`: the serial line of a seesaw, without interrupting it.

What is typed goes to the device as it is. The device's own commands are not echoed there, so they
are shown here; at a prompt of MicroPython, which echoes, they are not.
"""

import contextlib
import os
import select
import sys
import termios
import time
import tty
from argparse import Namespace
from collections.abc import Callable, Iterator
from typing import IO

import serial

from host_tools.board import port as ports
from host_tools.board import rom
from host_tools.board.diag import open_line
from host_tools.errors import UserError

QUIT = b"\x1d"  # Ctrl-]
AGAIN_S = 0.2  # between two attempts to open a port that has gone
TURN_S = 0.02
PIECE = 4096  # bytes
TAIL_MAX = 200  # characters of the line that is coming
PROMPTS = (">>> ", "... ", "=== ", ">")


class Screen:
    """Lines of the device with their times, what is typed below them, and a copy in a file.

    now: gives seconds since 1970. times: are they shown? messages: in place of `out`, where that
    is a file, for what is not the device's.
    """

    def __init__(
        self, out: IO[str], now: Callable[[], float], times: bool,
        capture: IO[str] | None = None, messages: IO[str] | None = None,
    ) -> None:  # fmt: skip
        self.out = out
        self.messages = messages
        self.now = now
        self.times = times
        self.capture = capture
        self.typed = ""  # of a line that was not sent yet
        self._line = ""  # of the device, unfinished

    def hear(self, text: str) -> list[str]:
        """Show what came; the lines that are complete now."""
        shown = self._hidden()
        found = []
        for piece in text.replace("\r\n", "\n").splitlines(keepends=True):
            if not self._line:
                stamp = self._stamp()
                shown += stamp if self.times else ""
                self._keep(stamp)
            shown += piece if self.messages else piece.replace("\n", "\r\n")
            self._keep(piece)
            self._line = (self._line + piece)[-TAIL_MAX:]
            if piece.endswith("\n"):
                found.append(self._line.rstrip("\n"))
                self._line = ""
        self._show(shown + ("" if self._line else self.typed))
        return found

    def note(self, words: str) -> None:
        """A line of our own."""
        if self.messages:
            print(f"--- {words}", end="\r\n", file=self.messages, flush=True)
        else:
            self._show(f"{self._hidden()}--- {words}\r\n{self.typed}")
        self._keep(f"--- {words}\n")

    def type(self, data: bytes) -> None:
        """Show what is typed, where the device does not."""
        if self.messages or self._line.startswith(PROMPTS):
            self.typed = ""
            return
        for byte in data:
            if byte in (10, 13):
                self._show(self._hidden())
                self.typed = ""
            elif byte in (8, 127):
                self._show("\b \b" if self.typed else "")
                self.typed = self.typed[:-1]
            elif 32 <= byte < 127:
                self.typed += chr(byte)
                self._show(chr(byte))

    def _hidden(self) -> str:
        return "" if self._line else "\b \b" * len(self.typed)

    def _stamp(self) -> str:
        now_s = self.now()
        return time.strftime("[%H:%M:%S.", time.localtime(now_s)) + f"{int(now_s % 1 * 1000):03}] "

    def _show(self, text: str) -> None:
        self.out.write(text)
        self.out.flush()

    def _keep(self, text: str) -> None:
        if self.capture:
            self.capture.write(text)
            self.capture.flush()


def main(arguments: Namespace) -> int:
    """Until Ctrl-]. UserError without a terminal, or when the port is absent, busy or forbidden."""
    if not sys.stdin.isatty():
        raise UserError("the console", "there is no terminal to type at", "run it in one")
    arguments.port = ports.choose(arguments.port)
    if "://" not in arguments.port:
        ports.check(arguments.port)
    with contextlib.ExitStack() as stack:
        capture = stack.enter_context(_capture(arguments.capture)) if arguments.capture else None
        shown = sys.stdout.isatty()
        times = shown and not arguments.no_times
        screen = Screen(sys.stdout, time.time, times, capture, None if shown else sys.stderr)
        stack.enter_context(_raw(sys.stdin.fileno()))
        screen.note(f"Connected to {arguments.port}: Ctrl-] leaves, 'help' says what it knows")
        _run(arguments.port, screen, sys.stdin.fileno())
    return 0


def _capture(name: str) -> IO[str]:
    try:
        return open(name, "a", encoding="utf-8")
    except OSError as error:
        raise UserError(name, error.strerror or "it does not open", "name another file") from error


@contextlib.contextmanager
def _raw(terminal: int) -> Iterator[None]:
    """Every key is a byte, Ctrl-C too: that is for the device."""
    before = termios.tcgetattr(terminal)
    tty.setraw(terminal)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _run(port: str, screen: Screen, keys: int) -> None:
    """Line after line, over resets: a board whose chip does USB itself leaves the bus at each."""
    gone = False
    while True:
        try:
            with contextlib.closing(open_line(port)) as line:
                if gone:
                    screen.note("it is back")
                line.timeout = TURN_S
                gone = False
                if _talk(line, screen, keys):
                    return
        except (OSError, termios.error):
            if not gone:
                screen.note("it is gone: waiting for it")
            gone = True
            if QUIT in _typed(keys, AGAIN_S):
                return


def _talk(line: serial.Serial, screen: Screen, keys: int) -> bool:
    """True at Ctrl-]. Raises OSError when the port has gone."""
    while True:
        data = _typed(keys, 0)
        if QUIT in data:
            return True
        if data:
            screen.type(data)
            line.write(data)
        heard = line.read(max(1, min(line.in_waiting, PIECE)))
        for complete in screen.hear(heard.decode("utf-8", "replace")) if heard else ():
            if words := rom.told(complete):
                screen.note(words)


def _typed(keys: int, wait_s: float) -> bytes:
    """What was typed; QUIT when the terminal has gone."""
    if not select.select([keys], [], [], wait_s)[0]:
        return b""
    return os.read(keys, PIECE) or QUIT
