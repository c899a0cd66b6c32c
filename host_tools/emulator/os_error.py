"""OSError as the ESP32 port has it: one class for every number, and the port's own text.

CPython turns OSError(2, ...) into FileNotFoundError, leaves OSError(5).errno empty and prints
another text; what firmware logs must be the same on both engines (micropython py/objexcept.c).
"""

from typing import Any

# The names that MicroPython knows (py/moderrno.c), with newlib's numbers as on the chip.
ERRNO = {
    "EPERM": 1, "ENOENT": 2, "EIO": 5, "EBADF": 9, "EAGAIN": 11, "ENOMEM": 12, "EACCES": 13,
    "EEXIST": 17, "ENODEV": 19, "EISDIR": 21, "EINVAL": 22, "EOPNOTSUPP": 95, "ECONNRESET": 104,
    "ENOBUFS": 105, "ECONNREFUSED": 111, "EADDRINUSE": 112, "ECONNABORTED": 113, "ETIMEDOUT": 116,
    "EHOSTUNREACH": 118, "EINPROGRESS": 119, "EALREADY": 120, "ENOTCONN": 128,
}  # fmt: skip
EROFS = 30  # has no name there
NAMES = {number: name for name, number in ERRNO.items()}


class MicroOSError(OSError):
    """Every OSError that firmware meets on CPython, its own ones among them."""

    @property
    def errno(self) -> Any:  # type: ignore[override]  # CPython has None for one argument
        return self.args[0] if self.args else None

    def __repr__(self) -> str:
        return f"OSError{self.args}"

    def __str__(self) -> str:
        if not self.args:
            return ""
        name = NAMES.get(self.args[0])
        if name is None:
            return str(self.args[0] if len(self.args) == 1 else self.args)
        return f"[Errno {self.args[0]}] {name}" + "".join(f": {text}" for text in self.args[1:])


MicroOSError.__name__ = MicroOSError.__qualname__ = "OSError"
