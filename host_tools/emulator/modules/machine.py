"""`machine` of the ESP32 port, as a thin face of the emulated chip; one file for both engines."""

from _bus import call, on_alarm

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5


def reset():
    call("reset")


def soft_reset():
    raise SystemExit


def deepsleep(ms=None):
    """Ends the program; the chip starts again after ms, by the way of reset."""
    call("deepsleep", ms)


def reset_cause():
    return call("reset_cause")


def unique_id():
    return call("unique_id")


class Pin:
    IN = 1
    OUT = 3
    PULL_UP = 2

    def __init__(self, number, mode=-1, pull=-1, value=None):
        self.number = number
        call("pin", number, mode, value, -1 if pull is None else pull)

    def value(self, level=None):
        return call("pin", self.number, -1, level)

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)


class PWM:
    """LEDC (machine_pwm.c); a missing duty means 50 %, as on the chip."""

    def __init__(
        self, pin, freq=None, *, duty=None, duty_u16=None, duty_ns=None, invert=False,
        lightsleep=False
    ):  # fmt: skip
        self.number = pin.number
        call("pwm_new", self.number, freq, duty, duty_u16, duty_ns, invert)

    def init(
        self, freq=None, *, duty=None, duty_u16=None, duty_ns=None, invert=None, lightsleep=None
    ):
        call("pwm_init", self.number, freq, duty, duty_u16, duty_ns, invert)

    def freq(self, hz=None):
        return call("pwm_freq", self.number, hz)

    def duty(self, value=None):
        return call("pwm_duty", self.number, 10, value)

    def duty_u16(self, value=None):
        return call("pwm_duty", self.number, 16, value)

    def duty_ns(self, value=None):
        return call("pwm_duty", self.number, 0, value)

    def deinit(self):
        call("pwm_deinit", self.number)


class WDT:
    def __init__(self, id=0, timeout=5000):
        if id != 0:
            raise ValueError
        if timeout <= 0:
            raise ValueError("WDT timeout too short")
        call("wdt", timeout)

    def feed(self):
        call("wdt", 0)


class RTC:
    def __init__(self):
        call("rtc_begin")

    def memory(self, data=None):
        if data is None:
            return call("rtc_read")
        raw = data.encode() if isinstance(data, str) else bytes(memoryview(data))
        if len(raw) > 2048:
            raise ValueError("buffer too long")
        return call("rtc_write", raw)

    def datetime(self, fields=None):
        return tuple(call("rtc_datetime", fields))


class Timer:
    """A hardware timer; its callback runs at the next call into the chip, as a scheduled one."""

    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, id):
        self.id = id

    def init(self, *, mode=PERIODIC, freq=-1, period=-1, callback=None):
        on_alarm(self.id, lambda: callback(self))
        if freq > 0:
            period = max(1, 1000 // freq)
        elif period <= 0:
            period = 0xFFFFFFFF
        call("timer", self.id, period, mode == Timer.PERIODIC)

    def deinit(self):
        call("timer", self.id, 0, False)
