"""LEDC as `machine.PWM` shows it (micropython ports/esp32/machine_pwm.c, v1.26 and later)."""

from collections.abc import Callable

from host_tools.emulator.chips import CHIPS
from host_tools.emulator.storage import esp_error

OUTPUT = 2  # the bit of a pin's mode by which it drives


class Channel:
    def __init__(self) -> None:
        self.freq = 0
        self.duty = 0  # steps
        self.wanted_ns: int | None = None


class Pwm:
    """All PWM channels of a chip. `pulses` holds (time_us, pin, pulse_ns) of every change."""

    OPS = ("pin", "pwm_init", "pwm_freq", "pwm_duty", "pwm_deinit")

    def __init__(self, chip: str, now: Callable[[], int]) -> None:
        self.chip = CHIPS[chip]
        self.top = 1 << self.chip.pwm_bits
        self.now = now
        self.channels: dict[int, Channel] = {}
        self.levels: dict[int, int] = {}
        self.pulses: list[tuple[int, int, int]] = []
        self.on_pulse: Callable[[int, int], None] | None = None

    def release(self) -> None:
        """Any reset lets go of every pin."""
        for pin in list(self.channels):
            self.pwm_deinit(pin)
        self.levels.clear()

    def pulse_ns(self, pin: int) -> int:
        """The pulse on a pin, in ns; 0 when there is none."""
        channel = self.channels.get(pin)
        return channel.duty * 1_000_000_000 // channel.freq // self.top if channel else 0

    def pin(self, number: int, mode: int, value: int | None) -> int:
        """Look at a pin, or set it; mode -1 leaves it as it is (machine_pin.c)."""
        if number not in self.chip.pins:
            raise ValueError("invalid pin")
        if mode > 0 and mode & OUTPUT and number in self.chip.input_only:
            raise ValueError("pin can only be input")
        if value is not None:
            self.levels[number] = 1 if value else 0
        return self.levels.get(number, 0)

    def pwm_init(
        self, pin: int, freq: int | None, duty: int | None, u16: int | None, ns: int | None
    ) -> None:
        if pin in self.chip.input_only:  # the LEDC driver refuses it
            raise esp_error(0x102, "ESP_ERR_INVALID_ARG")
        fresh = pin not in self.channels
        if fresh and ns is not None:
            raise RuntimeError("PWM is inactive")  # checked before the channel has a timer
        channel = self.channels.setdefault(pin, Channel())
        if ns is not None and not 0 <= ns <= 1_000_000_000 // max(1, channel.freq):
            raise ValueError("duty_ns should be from 0 to period")
        channel.freq = freq or channel.freq or 5000
        if ns is not None:
            channel.wanted_ns = ns
        elif u16 is not None:
            self._set_u16(channel, u16)
        elif duty is not None:
            self._set_u16(channel, duty * 64)
        elif fresh:
            self._set_u16(channel, 32768)  # half the time high: a trap for servos
        self._apply(pin, channel)

    def pwm_freq(self, pin: int, hz: int | None) -> int:
        channel = self._active(pin)
        if hz is not None:
            channel.freq = hz
            self._apply(pin, channel)
        return channel.freq

    def pwm_duty(self, pin: int, unit: int, value: int | None) -> int:
        """Duty in 1/1024 (unit 10), 1/65536 (unit 16) or ns (unit 0)."""
        channel = self._active(pin)
        if value is None:
            return self.pulse_ns(pin) if unit == 0 else (channel.duty << unit) // self.top
        if unit == 0:
            if not 0 <= value <= 1_000_000_000 // channel.freq:
                raise ValueError("duty_ns should be from 0 to period")
            channel.wanted_ns = value
        else:
            self._set_u16(channel, value << (16 - unit))
        self._apply(pin, channel)
        return 0

    def pwm_deinit(self, pin: int) -> None:
        if self.channels.pop(pin, None):
            self._note(pin, 0)

    def _active(self, pin: int) -> Channel:
        if pin not in self.channels:
            raise RuntimeError("PWM is inactive")
        return self.channels[pin]

    def _set_u16(self, channel: Channel, value: int) -> None:
        if not 0 <= value <= 65535:
            raise ValueError("duty_u16 should be from 0 to 65535")
        channel.wanted_ns = None
        channel.duty = value * self.top >> 16

    def _apply(self, pin: int, channel: Channel) -> None:
        if channel.wanted_ns is not None:
            period = 1_000_000_000
            channel.duty = (channel.wanted_ns * channel.freq * self.top + period // 2) // period
        self._note(pin, self.pulse_ns(pin))

    def _note(self, pin: int, pulse_ns: int) -> None:
        if len(self.pulses) < 1_000_000:
            self.pulses.append((self.now(), pin, pulse_ns))
        if self.on_pulse:
            self.on_pulse(pin, pulse_ns)
