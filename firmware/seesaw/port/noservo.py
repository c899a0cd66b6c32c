"""In place of a servo on a pin that the chip does not have. Loaded only then."""


class NoServo:
    """Everything else goes on."""

    def __init__(self, pin: int, boot: object, error: Exception):
        where = (boot.slot.info()[4], boot.version, pin, error)
        print("seesaw event=noservo slot=%s version=%s words=GPIO %d: %s" % where)

    def pulse(self, ns: int) -> None:
        pass

    def power(self) -> bool:
        return False

    def release(self) -> None:
        pass
