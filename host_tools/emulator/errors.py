"""What ends a session of emulated firmware. None is an Exception: no firmware survives them."""


class ChipReset(BaseException):
    """The chip resets. `cause` is what machine.reset_cause() will say; `why` is for people."""

    def __init__(self, cause: int, why: str) -> None:
        super().__init__(why)
        self.cause = cause
        self.why = why


class Dead(BaseException):
    """A call into a chip that was reset or has lost its power."""


class HostFault(BaseException):
    """Something of the host's own failed while firmware ran, which must not catch it: `error`."""

    def __init__(self, error: Exception) -> None:
        super().__init__(repr(error))
        self.error = error


class Stop(BaseException):
    """The host has seen enough: the run ends here, with the power cut."""
