"""The CPython engine: firmware in this process, on virtual time.

It boots by reading the slot: main.py from `vfs`, modules from the mounted bundle. Each session has
its own modules, built-ins and mount table, so many devices and many boots live in one process.
"""

import types
from functools import cache
from pathlib import Path
from typing import Any

from host_tools.emulator.board import CTRL_C, SOFT, Options, Surroundings
from host_tools.emulator.clock import NEVER, VirtualClock
from host_tools.emulator.companion import Companion
from host_tools.emulator.ctrl_c import CtrlC
from host_tools.emulator.device import Device
from host_tools.emulator.firmware_modules import build
from host_tools.emulator.flash import Flash
from host_tools.emulator.importer import Importer
from host_tools.emulator.lfs_vfs import Mounts, VfsLfs2
from host_tools.emulator.micro_asyncio import CancelledError, Loop
from host_tools.emulator.net import Net

TICK_US = 5  # virtual time of one turn of a `while`
TURNS_HUNG = 200_000  # turns without a call into the chip: from then on they cost more,
TICK_HUNG_US = 1000  # so that a hung loop soon meets its watchdog
ROOT_READ = 1024  # bytes; the port reads 32, which shows nowhere: four of them are cached
HOST = -1  # among the timers that ring: the host asks for a look at watch()
FAULTS = (Exception, CancelledError)  # what firmware may raise
FACES = Path(__file__).parent / "modules"


@cache
def faces() -> dict[str, types.CodeType]:
    """The chip's own modules, compiled once."""
    return {
        name: compile((FACES / f"{name}.py").read_text(), f"{name}.py", "exec")
        for name in ("machine", "esp32", "network")
    }


class Session:
    """One life of the VM on CPython: its modules, its loop, its way into the chip."""

    def __init__(self, device: "CPythonDevice", number: int) -> None:
        self.device = device
        self.board = device.board
        self.number = number
        self.turns = 0  # of `while`, since the last call into the chip
        self.alarms: dict[int, Any] = {}
        self.mounts = Mounts()
        self.loop = Loop(device.clock, device.net, self.show, self.let_pass, self.turn)
        self.importer = Importer(device.companion, self.mounts)
        self.importer.builtins["print"] = self.print
        self.importer.builtins["open"] = self.mounts.open
        self.importer.builtins["__tick__"] = self.tick
        self.importer.provide(build(self))
        for name in ("machine", "esp32", "network"):
            self.importer.provide_source(name, device.faces[name])

    def call(self, name: str, *args: Any) -> Any:
        self.turns = 0
        result = self.board.call(self.number, name, *args)
        if self.board.ring:
            self.turn()
        return result

    def let_pass(self, us: int) -> None:
        self.board.spend(self.number, us)

    def spend(self, us: int) -> None:
        """The firmware lets time pass. Raises Dead when the session is over."""
        self.turns = 0
        self.board.spend(self.number, us)
        self.turn()

    def sleep(self, us: int) -> None:
        """time.sleep(): timers call back in it, not after it (the port's event poll hook)."""
        clock = self.device.clock
        end_us = clock.now_us + us
        while clock.due <= end_us < NEVER:
            self.spend(max(0, clock.due - clock.now_us))
        self.spend(max(0, end_us - clock.now_us))

    def tick(self) -> None:
        self.turns += 1
        clock, board = self.device.clock, self.board
        soon = clock.now_us + TICK_US
        if (soon < clock.due and self.turns < TURNS_HUNG and not board.ring
                and board.alive and board.session == self.number):  # fmt: skip
            clock.now_us = soon  # what board.spend() comes to when nothing is due
            return
        self.board.spend(self.number, TICK_US if self.turns < TURNS_HUNG else TICK_HUNG_US)
        if self.board.ring:
            self.turn()

    def turn(self) -> None:
        """Time has passed: alarms that went off call back, and the host may have had enough."""
        while self.board.ring:
            callback = self.alarms.get(self.board.ring.pop(0))
            if callback is None:
                continue
            try:
                callback()
            except (*FAULTS, SystemExit) as error:
                self.show(error)  # the scheduler of the VM prints whatever a callback raises
        self.device.watch()

    def print(self, *values: Any, sep: str = " ", end: str = "\n", file: Any = None) -> None:
        if self.board.session == self.number and self.board.alive:
            text = sep.join(str(v) for v in values) + end
            self.device.ask(self.device.around.serial, text)

    def write(self, data: bytes) -> int:
        """Bytes for the serial line, whatever they are."""
        self.device.written += data
        self.print(data.decode("utf-8", "replace"), end="")
        return len(data)

    def show(self, error: BaseException, before: str = "") -> None:
        self.print(before + self.importer.describe(error))

    def run(self) -> None:
        """What the port does: mount the file system, then boot.py and main.py, then the REPL."""
        self._mount_root()
        for name in ("boot.py", "main.py"):
            try:
                with self.mounts.open(name) as file:
                    source = file.read()
            except OSError:
                continue
            try:
                self.importer.run_main(self.device.companion.source_code(source, name))
            except (*FAULTS, CtrlC) as error:  # the port prints it and goes on
                self.show(error)
                break
        self._repl()

    def _mount_root(self) -> None:
        """The port's frozen _boot.py; a file system that does not mount is the end of it."""
        partition = self.importer.import_("esp32").Partition
        found = partition.find(partition.TYPE_DATA, label="vfs")
        try:
            self.mounts.mount(VfsLfs2(found[0], readsize=ROOT_READ), "/")
        except (OSError, IndexError):
            self.print("The filesystem appears to be corrupted.")
            self._repl()

    def _repl(self) -> None:
        """Nobody types: wait for an alarm of the chip, for ever if there is none."""
        clock = self.device.clock
        while True:
            self.spend(NEVER if clock.idle else max(0, clock.due - clock.now_us))


class CPythonDevice(Device):
    """`hosts` of `net` are the servers it can reach: (host, port) -> server."""

    def __init__(
        self,
        flash: Flash,
        companion: Companion,
        around: Surroundings | None = None,
        options: Options | None = None,
    ) -> None:
        self.clock: VirtualClock = VirtualClock()
        super().__init__(flash, self.clock, around, options)
        self.companion = companion
        radio = self.board.radio
        self.net = Net(
            self.clock, lambda: radio.carries, radio.resolve, lambda: radio.on[1] or radio.carries
        )
        self.written = bytearray()  # by the firmware on the serial line, beside what it prints
        self.typed = bytearray()  # on the serial line, and not read yet
        self.faces = faces()

    def press_ctrl_c(self, after_s: float) -> None:
        """Somebody presses Ctrl-C on the serial line, after_s seconds from now: where it interrupts
        nothing it is a byte like any other."""

        def press() -> None:
            if self.board.interrupt_char == CTRL_C:
                raise CtrlC
            self.typed.append(CTRL_C)

        self.clock.set_alarm("ctrl-c", self.clock.now_us + int(after_s * 1_000_000), press)

    def type(self, data: bytes) -> None:
        """Somebody types on the serial line; a Ctrl-C among it that interrupts does so at once."""
        while data:
            before, ctrl_c, data = data.partition(bytes((CTRL_C,)))
            self.typed += before
            if ctrl_c and self.board.interrupt_char == CTRL_C:
                self.press_ctrl_c(0)
            else:
                self.typed += ctrl_c

    def wake(self) -> None:
        """See Device; also where no time passes."""
        self.board.ring.append(HOST)

    def live(self, session: int) -> int:
        self.net.reset()
        if self._interrupted():  # a session begins with no alarm in the ring
            raise KeyboardInterrupt
        vm = Session(self, session)
        try:
            vm.run()
        except BaseException as end:  # the firmware may have held up the end of the chip
            if self.board.end is not None:
                raise self.board.end from None
            if not isinstance(end, SystemExit):
                raise
            return SOFT
        finally:
            self.board.alive = False
            vm.loop.bury()
            vm.importer.close()
        raise AssertionError("a session always ends by an exception")
