"""LEDC as `machine.PWM` shows it (micropython ports/esp32/machine_pwm.c, v1.26 and later)."""

from collections.abc import Callable

from host_tools.emulator.chips import CHIPS
from host_tools.emulator.storage import esp_error

OUTPUT = 2  # the bit of a pin's mode by which it drives
INPUT, PULL_UP = 1, 2  # of Pin
GROUPS = {"esp32": (2, 8), "esp32s3": (1, 8), "esp32c3": (1, 6)}  # speed modes, channels of each
TIMERS = 4  # of each group: so many different frequencies
CLOCK_HZ = 80_000_000
SLOW_CLOCK_HZ = 1_000_000  # of the ESP32 below SLOW_HZ
SLOW_HZ = 10
FREQ_MAX_HZ = 40_000_000
FREQ_HZ = 5000  # when nobody says one
FULL = 1 << 16  # duty in the units of the interface
SECOND_NS = 1_000_000_000


class Channel:
    def __init__(self, group: int, freq: int) -> None:
        self.group = group
        self.freq = freq  # which stands for its timer: one timer serves each frequency
        self.top = FULL  # steps of a period
        self.duty = 0  # steps
        self.wanted = FULL // 2  # half the time high: a trap for servos
        self.wanted_ns: int | None = None  # in place of `wanted`
        self.invert = False

    def pulse_ns(self) -> int:
        duty = self.top - self.duty if self.invert else self.duty
        return duty * SECOND_NS // self.freq // self.top

    def u16(self) -> int:
        """The duty as it is read back."""
        return min(self.duty * FULL // self.top, FULL - 1)

    def period_ns(self) -> int:
        return (SECOND_NS + self.freq // 2) // self.freq


class Pwm:
    """All PWM channels of a chip. `pulses` holds (time_us, pin, pulse_ns) of every change."""

    OPS = ("pin", "pwm_new", "pwm_init", "pwm_freq", "pwm_duty", "pwm_deinit")

    def __init__(self, chip: str, now: Callable[[], int]) -> None:
        self.chip = CHIPS[chip]
        self.groups, self.size = GROUPS[chip]
        self.now = now
        self.channels: dict[int, Channel] = {}
        self.levels: dict[int, int] = {}
        self.pulled_up: set[int] = set()
        self.grounded: set[int] = set()  # by a finger on a button
        self.pulses: list[tuple[int, int, int]] = []
        self.on_pulse: Callable[[int, int], None] | None = None

    def release(self) -> None:
        """Any reset lets go of every pin."""
        for pin in list(self.channels):
            self.pwm_deinit(pin)
        self.levels.clear()
        self.pulled_up.clear()

    def pulse_ns(self, pin: int) -> int:
        """The pulse on a pin, in ns; 0 when there is none."""
        channel = self.channels.get(pin)
        return channel.pulse_ns() if channel else 0

    def pin(self, number: int, mode: int, value: int | None, pull: int = -1) -> int:
        """Look at a pin, or set it; mode -1 leaves it as it is (machine_pin.c)."""
        if number not in self.chip.pins:
            raise ValueError("invalid pin")
        if mode > 0 and mode & OUTPUT and number in self.chip.input_only:
            raise ValueError("pin can only be input")
        if value is not None:
            self.levels[number] = 1 if value else 0
        if mode > 0:
            self.pulled_up -= {number}
            self.pulled_up |= {number} if mode == INPUT and pull == PULL_UP else set()
        if number in self.pulled_up:
            return int(number not in self.grounded)
        return self.levels.get(number, 0)

    def pwm_new(self, pin: int, freq: int | None, duty: int | None, u16: int | None,
                ns: int | None, invert: bool = False) -> None:  # fmt: skip
        """The constructor. It forgets the duty, and its range check of ns comes before there is a
        timer, even on a pin that has one."""
        _check_freq(freq)
        if ns is not None and (u16 is None or u16 < 0):
            raise RuntimeError("PWM is inactive")
        _check_duty(duty, u16)
        old = self.channels.get(pin)
        if old is not None:
            old.wanted, old.wanted_ns = FULL // 2, None
        self._set(pin, freq, duty, u16, None, invert)

    def pwm_init(self, pin: int, freq: int | None, duty: int | None, u16: int | None,
                 ns: int | None, invert: bool | None = None) -> None:  # fmt: skip
        """init(): ns is checked against the frequency it had before. A negative one counts as
        none given."""
        if pin not in self.channels:
            self.pwm_new(pin, freq, duty, u16, ns, bool(invert))
            return
        _check_freq(freq)
        if ns is not None and ns >= 0 and (u16 is None or u16 < 0):
            _check_ns(self.channels[pin], ns)
        _check_duty(duty, u16)
        self._set(pin, freq, duty, u16, ns, invert)

    def _set(self, pin: int, freq: int | None, duty: int | None, u16: int | None, ns: int | None,
             invert: bool | None) -> None:  # fmt: skip
        """One of the duties: u16 goes before ns, ns before duty (of 1024)."""
        if pin in self.chip.input_only:  # the LEDC driver refuses it
            raise esp_error(0x102, "ESP_ERR_INVALID_ARG")
        channel = self._channel(pin, freq)
        if u16 is not None and u16 >= 0:
            channel.wanted, channel.wanted_ns = _full(u16, FULL), None
        elif ns is not None and ns >= 0:
            channel.wanted_ns = ns
        elif duty is not None and duty >= 0:
            channel.wanted, channel.wanted_ns = _full(duty, 1024), None
        if invert is not None:
            channel.invert = bool(invert)
        self._apply(pin, channel)

    def pwm_freq(self, pin: int, hz: int | None) -> int:
        channel = self._active(pin)
        if hz is not None:
            _check_freq(hz)
            channel.freq, channel.group = self._timer(pin, hz)
            self._apply(pin, channel)
        return channel.freq

    def pwm_duty(self, pin: int, unit: int, value: int | None) -> int:
        """Duty in 1/1024 (unit 10), 1/65536 (unit 16) or ns (unit 0)."""
        channel = self._active(pin)
        if value is None:
            if unit:
                return channel.u16() >> (16 - unit)
            scale = channel.freq * FULL
            return (channel.u16() * SECOND_NS + scale // 2) // scale
        if unit == 0:
            _check_ns(channel, value)
            channel.wanted_ns = value
        else:
            _check_unit(unit, value)
            channel.wanted, channel.wanted_ns = _full(value, 1 << unit), None
        self._apply(pin, channel)
        return 0

    def pwm_deinit(self, pin: int) -> None:
        if self.channels.pop(pin, None):
            self._note(pin, 0)

    # -- channels and timers -------------------------------------------------------------------

    def _active(self, pin: int) -> Channel:
        if pin not in self.channels:
            raise RuntimeError("PWM is inactive")
        return self.channels[pin]

    def _of(self, group: int, but: int | None = None) -> list[Channel]:
        return [c for p, c in self.channels.items() if c.group == group and p != but]

    def _channel(self, pin: int, freq: int | None) -> Channel:
        """The channel of the pin at that frequency, a new one if need be."""
        channel = self.channels.get(pin)
        if channel is not None:
            if freq is not None:
                channel.freq, channel.group = self._timer(pin, freq)
            return channel
        if not any(self._has_room(group, freq) for group in range(self.groups)):
            raise RuntimeError(f"out of PWM channels:{self.groups * self.size}")
        found, group = self._timer(pin, freq or FREQ_HZ)
        channel = self.channels[pin] = Channel(group, found)
        return channel

    def _has_room(self, group: int, freq: int | None) -> bool:
        members = self._of(group)
        timers = {channel.freq for channel in members}
        return len(members) < self.size and (len(timers) < TIMERS or freq in timers)

    def _timer(self, pin: int, freq: int) -> tuple[int, int]:
        """(frequency, group) whose timer serves the pin: one that runs at it, the pin's own if
        nobody shares it, or a free one."""
        own = self.channels.get(pin)
        free = [g for g in range(self.groups) if len(self._of(g, pin)) < self.size]
        for group in free:
            if any(channel.freq == freq for channel in self._of(group)):
                return freq, group
        if own is not None and all(c.freq != own.freq for c in self._of(own.group, pin)):
            return freq, own.group
        for group in free:
            if len({channel.freq for channel in self._of(group)}) < TIMERS:
                return freq, group
        raise RuntimeError(f"out of PWM timers:{self.groups * TIMERS}")

    def _apply(self, pin: int, channel: Channel) -> None:
        slow = channel.freq < SLOW_HZ and self.chip.name == "esp32"
        steps = (SLOW_CLOCK_HZ if slow else CLOCK_HZ) // channel.freq
        channel.top = 1 << min(self.chip.pwm_bits, steps.bit_length() - 1)
        wanted = channel.wanted
        if channel.wanted_ns is not None:
            exact = (channel.wanted_ns * FULL * channel.freq + SECOND_NS // 2) // SECOND_NS
            wanted = min(max(exact, 1), FULL) if channel.wanted_ns else 0
        channel.duty = wanted * channel.top // FULL
        self._note(pin, channel.pulse_ns())

    def _note(self, pin: int, pulse_ns: int) -> None:
        if len(self.pulses) < 1_000_000:
            self.pulses.append((self.now(), pin, pulse_ns))
        if self.on_pulse:
            self.on_pulse(pin, pulse_ns)


def _full(value: int, top: int) -> int:
    """In 1/65536; the greatest value that is taken means always high."""
    return FULL if value == top - 1 else value * FULL // top


def _check_freq(freq: int | None) -> None:
    if freq is not None and freq != -1 and not 0 < freq <= FREQ_MAX_HZ:
        raise ValueError("frequency must be from 1Hz to 40MHz")


def _check_ns(channel: Channel, ns: int) -> None:
    if not 0 <= ns <= channel.period_ns():
        raise ValueError(f"duty_ns must be from 0 to {channel.period_ns()} ns")


def _check_unit(unit: int, value: int) -> None:
    if not 0 <= value < 1 << unit:
        if unit == 16:
            raise ValueError(f"duty_u16 must be from 0 to {FULL}")
        raise ValueError("duty must be from 0 to 1023")


def _check_duty(duty: int | None, u16: int | None) -> None:
    """Negative ones count as not given."""
    if u16 is not None and u16 >= 0:
        _check_unit(16, u16)
    elif duty is not None and duty >= 0:
        _check_unit(10, duty)
