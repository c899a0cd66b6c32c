"""The raw REPL of a device at the end of a cable, by mpremote's own transport.

Whatever the cable or the transport does wrong becomes `Lost`; what the device itself says no to
becomes `Refused`. No text of the transport gets out: it may quote what was sent.
"""

import contextlib
import io
import struct
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

# mpremote carries no types.
from mpremote.transport import TransportError  # type: ignore[import-untyped]
from mpremote.transport_serial import (  # type: ignore[import-untyped]
    SerialIntercept,
    SerialTransport,
)

from host_tools.board import port as ports
from host_tools.errors import UserError

BAUD = 115_200
READ_S = 1.0  # longest wait of one read; the transport's own deadlines are as coarse as this
ENTER_S = 4.0  # for one attempt to interrupt what runs
ENTRIES = 3  # attempts: a Ctrl-C during a start is lost
ANSWER_S = 15.0  # of silence in a piece of code
BACK_S = 8.0  # for a port to come back after a reset
AGAIN_S = 0.1
TURN_S = 0.002  # between two looks at the line while serving files
TRANSPORT_ERRORS = (OSError, TransportError, struct.error, termios.error)
CTRL_C = b"\x03"
END = b"\x04"  # of the output of a piece of code


class Lost(Exception):
    """The cable was pulled, or the device does not answer any more; the argument says which."""


class Refused(Exception):
    """The device raised an exception: its last line is the argument, `traceback` is all of it."""

    def __init__(self, traceback: str) -> None:
        lines = traceback.strip().splitlines() or ["nothing"]
        super().__init__(lines[-1].strip().removesuffix(":"))
        self.traceback = traceback


class Repl:
    """One open port. UserError when it cannot be opened: absent, busy or forbidden."""

    def __init__(self, port: str) -> None:
        self.port = port
        self.heard = ""  # what came instead of a prompt
        self._running = False
        try:
            self._open()
        except (TransportError, ValueError, termios.error) as error:
            if "://" not in port:
                ports.check(port)
            why = "it does not open"
            raise UserError(f"port {port}", why, "check its name and try again") from error

    def _open(self) -> None:
        self._transport = SerialTransport(self.port, baudrate=BAUD)
        self._transport.serial.timeout = READ_S

    def close(self) -> None:
        with contextlib.suppress(*TRANSPORT_ERRORS):
            self._transport.close()

    def enter(self, attempts: int = ENTRIES) -> bool:
        """Interrupt what runs and get the raw prompt, without a soft reset. Raises Lost."""
        for _ in range(attempts):
            said = io.StringIO()  # it prints what it read in vain
            try:
                with contextlib.redirect_stdout(said), self._minding_the_time():
                    self._transport.enter_raw_repl(soft_reset=False, timeout_overall=ENTER_S)
                return True
            except TransportError:
                self.heard += said.getvalue()
            except TRANSPORT_ERRORS as error:
                raise Lost(_words(error)) from error
        return False

    @contextlib.contextmanager
    def _minding_the_time(self) -> Iterator[None]:
        """At a pseudo-terminal the transport looks at its deadline only in a pause of READ_S; a
        program that talks on makes none."""
        was, self._transport.is_pty = self._transport.is_pty, False
        try:
            yield
        finally:
            self._transport.is_pty = was

    def run(
        self, code: str, silent_s: float | None = ANSWER_S,
        hear: Callable[[bytes], None] | None = None,
    ) -> str:  # fmt: skip
        """Run code to its end; what it printed, unless `hear` gets that byte by byte.

        silent_s: seconds without output before the device counts as lost. Raises Lost, Refused.
        """
        consumer = (lambda byte: None if byte == END else hear(byte)) if hear else None
        self._running = True
        try:
            output, error = self._transport.exec_raw(code, silent_s, consumer)
        except TRANSPORT_ERRORS as trouble:
            raise Lost(_words(trouble)) from trouble
        self._running = False
        if error:
            raise Refused(error.decode("utf-8", "replace"))
        return "" if hear else output.decode("utf-8", "replace")

    def start(self, code: str) -> None:
        """Start code that does not come back, such as a reset. Raises Lost."""
        try:
            self._transport.exec_raw_no_follow(code)
        except TRANSPORT_ERRORS as error:
            raise Lost(_words(error)) from error

    def read(self) -> str:
        """What the device says now, "" after READ_S of silence; over a reset too. Raises Lost."""
        serial = self._transport.serial
        try:
            data = serial.read(max(1, serial.in_waiting))
        except TRANSPORT_ERRORS as error:
            if self._back():
                return ""
            raise Lost(_words(error)) from error
        return data.decode("utf-8", "replace")

    def _back(self) -> bool:
        """A board whose chip does USB itself leaves the bus at a reset: is it back soon?"""
        if "://" in self.port or ports.is_pty(self.port):
            return False
        self.close()
        end_s = time.monotonic() + BACK_S
        while time.monotonic() < end_s:
            with contextlib.suppress(TransportError):
                self._open()
                return True
            time.sleep(AGAIN_S)
        return False

    def mount(self, folder: Path, stopped: Callable[[], bool]) -> None:
        """Serve a folder as /remote. Once `stopped`, what waits for the device raises
        KeyboardInterrupt: never within an exchange with it. Raises Lost, Refused."""
        try:
            self._transport.mount_local(str(folder))
        except TRANSPORT_ERRORS as error:
            raise Lost(_words(error)) from error
        intercept = self._transport.serial
        self._transport.serial = _Server(intercept.orig_serial, intercept.cmd, stopped)

    def _unmount(self) -> None:
        """End a program that may import files to its very end, and serve no more."""
        server = self._transport.serial
        if not isinstance(server, _Server):
            return
        end_s = time.monotonic() + ENTER_S
        server.stopped = lambda: time.monotonic() > end_s
        if self._running:
            with contextlib.suppress(KeyboardInterrupt):
                server.write(CTRL_C)
                self._transport.read_until(1, END + b">")
        self._transport.mounted = False
        self._transport.serial = server.orig_serial
        self._transport.serial.timeout = READ_S

    def reset(self, code: str) -> None:
        """Interrupt whatever runs and start code that resets. Silent when the cable is gone."""
        with contextlib.suppress(Lost, *TRANSPORT_ERRORS):
            self._unmount()
            if self.enter(attempts=1):
                self.start(code)


class _Server(SerialIntercept):
    """mpremote's file server, which waits for the device by turns."""

    def __init__(self, serial: object, files: object, stopped: Callable[[], bool]) -> None:
        super().__init__(serial, files)
        self.stopped = stopped

    def _check_input(self, blocking: bool) -> None:
        if self.stopped():
            raise KeyboardInterrupt
        if self.orig_serial.inWaiting():
            super()._check_input(True)
        elif blocking:
            time.sleep(TURN_S)


def _words(error: Exception) -> str:
    return "fell silent" if isinstance(error, TransportError | struct.error) else "is gone"
