"""The servo that moves the beam. Only the app has one."""

from machine import PWM, Pin

FREQUENCY_HZ = 50


class Servo:
    """One hobby servo. Pulses start at 0: the PWM's own default would be 10 ms of pulse."""

    def __init__(self, pin: int):
        self._pwm = PWM(Pin(pin), freq=FREQUENCY_HZ, duty_u16=0)

    def pulse(self, ns: int) -> None:
        self._pwm.duty_ns(ns)

    def release(self) -> None:
        """No pulses: the servo is quiet and goes limp."""
        self._pwm.duty_u16(0)


class NoServo:
    """In place of a servo on a pin that the chip does not have: everything else goes on."""

    def pulse(self, ns: int) -> None:
        pass

    def release(self) -> None:
        pass


def servo(pin: int, boot: object) -> "Servo | NoServo":
    """The servo on that pin. A pin that cannot drive one is said, and costs the beam alone: the
    feed, the trial and the next release must not depend on a setting."""
    try:
        return Servo(pin)
    except (ValueError, OSError, RuntimeError) as error:
        where = (boot.slot.info()[4], boot.version, pin, error)
        print("seesaw event=noservo slot=%s version=%s words=GPIO %d: %s" % where)
        return NoServo()
