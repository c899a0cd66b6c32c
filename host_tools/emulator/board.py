"""One emulated board: an ESP32 made of parts, and the calls firmware makes into it.

A board lives through power cycles. Between power-on and power-off it runs *sessions*: a session
is one life of the Python VM, ended by a soft reset, a chip reset, or the loss of power. Every
call names its session; a call from a session that is over raises Dead and has no effect.
"""

import calendar
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from host_tools.emulator.bootloader import Boot, boot
from host_tools.emulator.clock import NEVER, RealClock, VirtualClock
from host_tools.emulator.errors import ChipReset, Dead, Stop
from host_tools.emulator.flash import Flash, PowerCut
from host_tools.emulator.micro_float import no_float
from host_tools.emulator.partitions import Partition, PartitionTable
from host_tools.emulator.pwm import Pwm
from host_tools.emulator.radio import DEAD_MS, Radio
from host_tools.emulator.resolver import Resolver
from host_tools.emulator.storage import Storage

PWRON, HARD, WDT, DEEPSLEEP, SOFT = 1, 2, 3, 4, 5
EPOCH_2000 = 946_684_800  # seconds from 1970 to the chip's epoch
RTC_SIZE_MAX = 2048
CTRL_C = 3
RTC_BITS_LOST = 5  # where it decays
MEMORY_USED = 60_000  # bytes of the Python heap; what CPython answers for gc.mem_alloc()
CALL_US = 10  # virtual time of one call into the chip
FOREVER_US = NEVER // 2  # of waiting with no alarm set
ENDS = (ChipReset, PowerCut, Stop)  # what ends a session from outside the firmware


@dataclass
class Options:
    """What differs between boards and between ESP-IDF releases."""

    chip: str = "esp32"
    same_slot: str = "rewrite_active"  # or "rewrite_other": esp_ota_set_boot on the active slot
    rollback: bool = True
    clock_set: bool = True  # does the board know the time at power-on?
    # RTC memory when power comes back: "lost" (garbage), "survives" (a brown-out) or "decayed" (the
    # port's magic word still stands, some bits of the content do not).
    rtc: str = "lost"
    nvs_loses_chunk: bool = False  # ESP-IDF's check for duplicates at start: see nvs.py
    flash_slow: int = 1  # times the typical duration of erases and programs; worn chips reach 9
    heap_kib: int = 512  # of the MicroPython VM (64-bit: twice what the chip needs)
    chip_heap_kib: int = 160  # of the board itself, as its board.json says
    tls_at_once: int = 0  # connections of TLS that there is memory for (CPython); 0: any number
    unique_id: bytes = bytes.fromhex("24aa5e000001")  # of the chip, as machine.unique_id() says it


@dataclass
class Surroundings:
    """What is around a board: the networks in the air, the time, what is heard and seen."""

    # Name -> password, or the reason (a number) for which that access point refuses everybody.
    air: dict[str, Any] = field(default_factory=lambda: {"home": "password"})
    # Seconds a DNS lookup of this host ("*": any) takes, or "dead": nobody ever answers.
    dns: dict[str, float | str] = field(default_factory=dict)
    dns_dead_s: float = DEAD_MS / 1000  # until lwIP gives up; not measured on a board
    # For the real VM, whose sockets are real: who knows the names of its internet, and which port
    # of this machine stands for which of that. None: this machine's own names and ports.
    name_server: tuple[str, int] | None = None
    ports: dict[int, int] = field(default_factory=dict)
    doors: dict[int, int] = field(default_factory=dict)  # the board's own ports, likewise
    wall: Callable[[], float] = lambda: 1_760_000_000.0  # seconds since 1970
    serial: Callable[[str], None] = lambda text: None
    events: Callable[[str], None] = lambda line: None  # resets, boots, faults: one line each


class Board:
    """See the module. `faults` lists what no healthy firmware does, such as a write to vfs."""

    def __init__(
        self,
        flash: Flash,
        clock: VirtualClock | RealClock,
        around: Surroundings,
        options: Options | None = None,
    ) -> None:
        self.options = options or Options()
        self.flash = flash
        self.clock = clock
        self.around = around
        self.radio = Radio(around.air, lambda: self.clock.now_us, around.dns)
        self.pwm = Pwm(self.options.chip, lambda: self.clock.now_us)
        self.slot: Partition | None = None  # of the last boot
        self.session = 0
        self.alive = False
        self.end: BaseException | None = None  # what ended the session, if it was not firmware
        self.cause = PWRON
        self.faults: list[str] = []
        self.boots = 0
        self.random = random.Random(0)
        # What CPython answers for gc.mem_free(), in bytes.
        self.heap_free = self.options.chip_heap_kib * 1024 - MEMORY_USED
        self.rtc = b""
        self.rtc_valid = False
        self.kept: tuple[bytes, int] | None = None  # see resume()
        self.resumed = b""  # RTC memory as it was then
        self.time_shift = 0.0
        self.interrupt_char = CTRL_C
        self.ring: list[int] = []  # alarms that went off, to be collected by the firmware
        flash.clock = clock
        flash.slow = self.options.flash_slow
        flash.on_illegal = self.faults.append

    # -- power and resets ------------------------------------------------------------------

    def power_on(self) -> None:
        """Power comes: RTC memory holds garbage, nothing else survives but the flash."""
        self.flash.power_on()
        if self.kept is None:
            self._fade()
            self.cause = PWRON
        else:
            self.rtc, self.cause = self.kept
            self.rtc_valid, self.kept, self.resumed = True, None, self.rtc
        self.boots = 0
        self.time_shift = 0.0 if self.options.clock_set else EPOCH_2000 - self.around.wall()
        self.release()

    def resume(self, rtc: bytes, cause: int) -> None:
        """What power_on() is to be, once: a reset with this cause, which RTC memory outlived."""
        self.kept = (rtc, cause)

    def _fade(self) -> None:
        if self.options.rtc == "lost":
            self.rtc = self.random.randbytes(RTC_SIZE_MAX)
            self.rtc_valid = False
        elif self.options.rtc == "decayed" and self.rtc:
            lost = int.from_bytes(self.rtc, "little")
            for bit in self.random.sample(range(8 * len(self.rtc)), RTC_BITS_LOST):
                lost ^= 1 << bit
            self.rtc = lost.to_bytes(len(self.rtc), "little")

    def power_off(self) -> None:
        self.alive = False
        self.session += 1
        self.release()

    def boot(self) -> Boot:
        """Through ROM and second-stage bootloader to a running image. Waking from deep sleep, the
        bootloader takes the app it remembers, without a look at otadata.

        Raises BootFailure where the chip would reset for ever, PowerCut at a cut.
        """
        self.release()
        self.boots += 1
        self.radio.dead_ms = int(self.around.dns_dead_s * 1000)
        found = boot(
            self.flash,
            chip=self.options.chip,
            rollback=self.options.rollback,
            deep_sleep_wake=self.cause == DEEPSLEEP,
            remembered=self.slot,
        )
        self.slot = found.slot
        table = PartitionTable.read(self.flash)
        self.storage = Storage(
            self.flash,
            table,
            found.slot,
            chip=self.options.chip,
            same_slot=self.options.same_slot,
            rollback=self.options.rollback,
            panic=self._panic,
            fault=self.faults.append,
            nvs_loses_chunk=self.options.nvs_loses_chunk,
        )
        resolver = Resolver(self.around)
        parts: tuple[Any, ...] = (self.storage, self.pwm, self.radio, resolver, self)
        self.calls = {name: getattr(part, name) for part in parts for name in part.OPS}
        self.around.events(f"boot {found.slot.label} cause {self.cause}")
        return found

    def start_session(self) -> int:
        """A fresh VM. After a soft reset Wi-Fi, RTC memory and the watchdog live on."""
        self.session += 1
        self.alive = True
        self.end = None
        self.pwm.release()
        self.interrupt_char = CTRL_C
        self.ring.clear()
        self.clock.clear_alarms("timer")
        return self.session

    def end_session(self, cause: int) -> None:
        """The VM is gone: `cause` is a reset cause (SOFT, HARD, WDT, DEEPSLEEP)."""
        if cause != SOFT:
            self.release()
        self.alive = False
        self.session += 1
        self.cause = cause

    def release(self) -> None:
        """What every reset and deep sleep does: no Wi-Fi, no pulse, no watchdog."""
        self.alive = False
        self.radio.reset()
        self.pwm.release()
        self.clock.clear_alarms("wdt")
        self.clock.clear_alarms("timer")

    def _panic(self, why: str) -> None:
        self.faults.append(f"panic: {why}")
        raise ChipReset(HARD, f"panic: {why}")

    # -- calls of the firmware -------------------------------------------------------------

    OPS = (
        "reset", "deepsleep", "reset_cause", "unique_id", "wdt", "rtc_begin", "rtc_read",
        "rtc_write", "rtc_datetime", "timer", "epoch", "heap_info", "kbd_intr",
    )  # fmt: skip

    def call(self, session: int, name: str, *args: Any) -> Any:
        """One call into the chip. Raises what the port raises, TypeError for a float, which no
        call of it takes; Dead when the session is over."""
        if session != self.session or not self.alive:
            raise Dead(name)
        for arg in args:
            no_float(arg)
        try:
            self.clock.spend(CALL_US)
            return self.calls[name](*args)
        except ENDS as end:
            raise self.kill(end)  # noqa: B904

    def spend(self, session: int, us: int) -> None:
        """The firmware lets time pass, in microseconds. Raises Dead when the session is over."""
        if session != self.session or not self.alive:
            raise Dead("time")
        try:
            if us >= FOREVER_US:
                raise Stop("nothing will ever happen again")
            self.clock.spend(us)
        except ENDS as end:
            raise self.kill(end)  # noqa: B904

    def kill(self, end: BaseException) -> BaseException:
        """The session ends here, before any `finally` of the firmware runs; gives `end` back."""
        self.alive = False
        self.end = self.end or end
        return end

    def reset(self) -> None:
        raise ChipReset(HARD, "machine.reset()")

    def deepsleep(self, ms: int | None) -> None:
        """Everything but RTC memory and its clock loses power; None: until somebody wakes it."""
        self.sleep_us = FOREVER_US if ms is None or ms < 0 else ms * 1000
        raise ChipReset(DEEPSLEEP, "deep sleep")

    def reset_cause(self) -> int:
        return self.cause

    def unique_id(self) -> bytes:
        return self.options.unique_id

    def wdt(self, timeout_ms: int) -> None:
        """Arm or re-arm (timeout_ms > 0), or feed (0). Nothing stops it."""
        if timeout_ms:
            self.wdt_us = timeout_ms * 1000
        self.clock.set_alarm("wdt", self.clock.now_us + self.wdt_us, self._bark)

    def _bark(self) -> None:
        raise ChipReset(WDT, "watchdog")

    def rtc_begin(self) -> None:
        """The magic word is missing after a power loss: the length becomes 0."""
        if not self.rtc_valid:
            self.rtc = b""
            self.rtc_valid = True

    def rtc_read(self) -> bytes:
        return self.rtc

    def rtc_write(self, data: bytes) -> None:
        self.rtc = data

    def rtc_datetime(self, fields: list[int] | None) -> list[int]:
        if fields:
            for item in fields:
                no_float(item)
            y, mo, d, _, h, mi, s, _ = fields
            self.time_shift = calendar.timegm((y, mo, d, h, mi, s, 0, 0, 0)) - self.around.wall()
        now = time.gmtime(self.around.wall() + self.time_shift)
        return [now.tm_year, now.tm_mon, now.tm_mday, now.tm_wday, now.tm_hour, now.tm_min,
                now.tm_sec, 0]  # fmt: skip

    def epoch(self) -> int:
        """time.time(): whole seconds since 2000."""
        return int(self.around.wall() + self.time_shift) - EPOCH_2000

    def timer(self, id: int, period_ms: int, periodic: bool) -> None:
        name = f"timer{id}"
        self.clock.clear_alarm(name)
        if period_ms:
            self._set_timer(name, id, period_ms, periodic)

    def _set_timer(self, name: str, id: int, period_ms: int, periodic: bool) -> None:
        def ring() -> None:
            self.ring.append(id)
            if periodic:
                self._set_timer(name, id, period_ms, periodic)

        self.clock.set_alarm(name, self.clock.now_us + period_ms * 1000, ring)

    def kbd_intr(self, char: int) -> None:
        """The character that interrupts a program: 3 is Ctrl-C, -1 none."""
        self.interrupt_char = char

    def heap_info(self) -> list[list[int]]:
        """(total, free, largest block, lowest free) of the ESP-IDF heap, in bytes, in the
        proportions of an ESP32 without PSRAM."""
        total = self.options.chip_heap_kib * 1024
        return [[total, total * 27 // 40, total * 21 // 40, total // 2]]
