"""The servo that moves the beam. Only the app has one."""

from esp32 import NVS
from machine import PWM, Pin


class Servo:
    """One hobby servo. Pulses start at 0: the PWM's own default would be 10 ms of pulse.

    power_pin: GPIO of the switch of its supply, high for on; below 0 when there is none."""

    def __init__(self, pin: int, power_pin: int = -1):
        self._switch = Pin(power_pin, Pin.OUT, value=0) if power_pin >= 0 else None
        self._pwm = PWM(Pin(pin), freq=50, duty_u16=0)

    def pulse(self, ns: int) -> None:
        self._pwm.duty_ns(ns)

    def power(self) -> bool:
        """Switch it on, while pulses say where to be; False when there is no switch."""
        if self._switch:
            self._switch.value(1)
        return bool(self._switch)

    def release(self) -> None:
        """No pulses: the servo is quiet and goes limp. Power first: it shall not see half a one."""
        if self._switch:
            self._switch.value(0)
        self._pwm.duty_u16(0)


class Place:
    """Where the beam stood, in ns of pulse, kept over a power cut (NVS `pulse`)."""

    def __init__(self):
        self._nvs = NVS("seesaw")

    def get(self) -> int:
        """0 when it was never kept."""
        try:
            return self._nvs.get_i32("pulse")
        except OSError:
            return 0

    def put(self, ns: int) -> None:
        """This place or the one before after a power cut; the one before when NVS is full."""
        try:
            self._nvs.set_i32("pulse", ns)
            self._nvs.commit()
        except OSError:
            pass
