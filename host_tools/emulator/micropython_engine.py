"""The MicroPython engine: the real VM as a child process, on real time and real loopback sockets.

The chip stays in this process: each call of the firmware is one frame over a pipe, so that flash,
otadata and power cuts are the same parts as on the CPython engine. With a serial port the REPL is
the VM's own; a soft reset ends a Unix VM, and a new one takes its place, as on the chip.
"""

import os
import shutil
import sys
from pathlib import Path

from host_tools.emulator.board import CTRL_C, HARD, PWRON, SOFT, Options, Surroundings
from host_tools.emulator.bootloader import BootFailure
from host_tools.emulator.clock import RealClock
from host_tools.emulator.device import Device
from host_tools.emulator.errors import ChipReset, Stop
from host_tools.emulator.flash import Flash
from host_tools.emulator.rom_loader import RomLoader, is_sync
from host_tools.emulator.serial_port import SerialPort
from host_tools.emulator.vm_child import Child, NoMicroPython

__all__ = ["MicroPythonDevice", "NoMicroPython", "find_micropython"]

TURN_S = 0.05  # how often the host looks at its own conditions
RAW_BANNER = b"raw REPL; CTRL-B to exit\r\n"  # its prompt is written apart, and may come later
FRIENDLY_BANNER = b'Type "help()" for more information.\r\n>>> '
SOFT_REBOOT = b"MPY: soft reboot\r\n"


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


class MicroPythonDevice(Device):
    """`around.serial` gets what the VM prints; `port`, if given, is the serial line itself."""

    def __init__(
        self,
        flash: Flash,
        around: Surroundings | None = None,
        options: Options | None = None,
        port: SerialPort | None = None,
    ) -> None:
        self.clock: RealClock = RealClock()
        super().__init__(flash, self.clock, around, options)
        self.micropython = find_micropython()
        self.port = port
        self._child: Child | None = None
        self._tail = b""  # of what the VM printed
        self._raw = False  # is its REPL the raw one?

    def wake(self) -> None:
        """See Device: it is called every TURN_S."""

    def live(self, session: int) -> int:
        mode = "" if self.port is None else "raw" if self._raw else "port"
        child = self._child = Child(self.micropython, self.board.options.heap_kib, mode)
        if self.port is not None:
            child.selector.register(self.port, 1, "port")
        try:
            return self._serve(child, session)
        except ChipReset:
            self._raw = False
            raise
        finally:
            self.board.alive = False
            self._child = None
            raw = self._raw
            self._heard(child.kill())
            self._raw, self._tail = raw, b""  # its last words say nothing of the next VM

    @property
    def at_raw_repl(self) -> bool:
        """Does a program, rather than a person, hold the serial line?"""
        return self._raw

    def press_ctrl_c(self) -> None:
        """Somebody presses Ctrl-C on the serial line, where it may be a byte like any other; may be
        called from another thread."""
        child = self._child
        if child is not None and child.runs():
            if self.board.interrupt_char == CTRL_C:
                child.interrupt()
            else:
                child.type(bytes((CTRL_C,)))

    def type(self, data: bytes) -> None:
        """Somebody types on the serial line of a board whose line is not `port`."""
        if self._child is not None:
            self._child.type(data)

    def _serve(self, child: Child, session: int) -> int:
        while True:
            wait_us = min(self.clock.due - self.clock.now_us, int(TURN_S * 1_000_000))
            for what in child.ready(max(0, wait_us) / 1_000_000):
                if what == "serial":
                    self._heard(child.read_serial())
                elif what == "port":
                    self._typed(child)
                elif (end := self._answer(child, session)) is not None:
                    self._heard(child.drain_serial())
                    if end == "soft":
                        self._soft_reset()
                        return SOFT
            self.clock.fire_due()
            self.watch()

    def _boots(self) -> tuple[str, str]:
        """What cannot boot resets for ever; with a serial line it waits for esptool to help."""
        while True:
            try:
                return super()._boots()
            except BootFailure as failure:
                if self.port is None:
                    raise
                self.around.events(f"boot-failure {failure}")
            try:
                self._wait_for_esptool(self.port)
            except ChipReset as reset:
                self.around.events(f"reset {reset.why}")

    def _wait_for_esptool(self, port: SerialPort) -> None:
        while not is_sync(data := port.wait(TURN_S)):
            self.watch()
            self.clock.fire_due()
        self._download(data)

    def _soft_reset(self) -> None:
        if self.port is not None:
            self.port.write(SOFT_REBOOT)

    def _heard(self, data: bytes) -> None:
        """What the VM printed: to the line, and to whoever listens."""
        if not data:
            return
        if self.port is not None:
            self.port.write(data)
            self._tail = (self._tail + data)[-80:]
            if RAW_BANNER in self._tail:
                self._raw = True
            elif FRIENDLY_BANNER in self._tail:
                self._raw = False
        self.around.serial(data.decode("utf-8", "replace").replace("\r\n", "\n"))

    def _typed(self, child: Child) -> None:
        """Bytes from the line: Ctrl-C interrupts a program that runs, all else goes to the VM."""
        assert self.port is not None
        data = self.port.read()
        if is_sync(data):
            self._download(data)
        while data:
            before, ctrl_c, data = data.partition(b"\x03")
            child.type(before)
            if ctrl_c and self.board.interrupt_char == CTRL_C and child.runs():
                child.interrupt()
            elif ctrl_c:
                child.type(ctrl_c)

    def _download(self, data: bytes) -> None:
        """esptool calls: as if the BOOT button were held at a reset. Ends in a reset."""
        assert self.port is not None
        port = self.port
        self.around.events("download mode")
        self.board.end_session(HARD)
        loader = RomLoader(self.flash, self.board.options.chip)
        while not loader.finished:
            if data:
                port.write(loader.received(data))
            self.watch()
            self.clock.fire_due()
            data = port.wait(TURN_S)
        raise ChipReset(PWRON, "download mode left")

    def _answer(self, child: Child, session: int) -> str | None:
        frame = child.receive()
        if frame is None:
            return self._gone(child)
        child.called += 1
        name, args = frame
        if name == "mark":
            child.send_mark(args[0])
            return None
        if name == "vm_end":
            return self._ended(child, args[0])
        try:
            child.send(self.board.call(session, name, *args), self.board.ring)
        except (OSError, OverflowError, RuntimeError, TypeError, ValueError) as error:
            child.send_error(error, self.board.ring)
        self.board.ring.clear()
        return None

    def _ended(self, child: Child, how: str) -> str | None:
        """The program is over: "soft" reset, or "repl"."""
        if how == "soft":
            self._raw = False
            return "soft"
        self.board.interrupt_char = CTRL_C  # the port does so with whatever its REPL runs
        if self.port is not None:
            child.at_repl = True
            child.send(None, [])
            if self._raw:
                child.type(b"\x01")
            return None
        if self.clock.idle:
            raise Stop("waits at the REPL for ever")
        return None

    def _gone(self, child: Child) -> str:
        """The VM's process ended: by Ctrl-D or SystemExit at the REPL, or it crashed."""
        words = child.drain_serial()
        self._heard(words)
        if not child.called:
            text = words.decode("utf-8", "replace").strip()[-300:]
            raise NoMicroPython(f"{self.micropython} does not start: {text}")
        if child.at_repl and child.process.wait() >= 0:
            return "soft"
        raise ChipReset(HARD, "panic: the VM died")
