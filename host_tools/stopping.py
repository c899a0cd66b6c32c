"""Ctrl-C and SIGTERM as a flag: an exception might strike anywhere, also where a VM is being
started or files are being exchanged."""

import contextlib
import signal
from collections.abc import Callable, Iterator

INTERRUPTED = 130  # exit code
NUMBERS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
    """Whether one of them came. A list, not a threading.Event: a second signal within its set()
    would wait for the first for ever."""
    came: list[int] = []
    before = {number: signal.signal(number, lambda n, _: came.append(n)) for number in NUMBERS}
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
