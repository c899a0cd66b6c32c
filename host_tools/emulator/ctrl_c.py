"""Two kinds of Ctrl-C: on the serial line of a board, which its firmware may catch, and on the
terminal of this process, which no firmware may see: it ends whatever runs here."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator


class CtrlC(KeyboardInterrupt):
    """Pressed on the serial line: what emulated firmware knows as KeyboardInterrupt."""


CtrlC.__name__ = "KeyboardInterrupt"  # as the port prints it


class _Watch:
    """SIGINT while firmware runs here. An exception of its own might strike in a `__del__`, or in
    a callback of C code, where it is lost: so it is a flag, which `wakes` lead the way to."""

    def __init__(self) -> None:
        self.came = False
        self.wakes: list[Callable[[], None]] = []

    def signalled(self, *_: object) -> None:
        again, self.came = self.came, True
        for wake in self.wakes:
            wake()
        if again or not self.wakes:  # nothing looks at the flag, or not soon enough for somebody
            raise KeyboardInterrupt

    def has_come(self) -> bool:
        return self.came


_watch: _Watch | None = None  # of the main thread, which is the one that gets signals


@contextlib.contextmanager
def heeded(wake: Callable[[], None] | None = None) -> Iterator[Callable[[], bool]]:
    """Within, no SIGINT is lost: KeyboardInterrupt is raised at the end, if not before.

    wake: for code that an exception must not strike; it is called from the handler, and whoever
    runs then looks at what this yields, whether a SIGINT came. Where SIGINT is somebody else's
    already, or in another thread, all stays as it is.
    """
    global _watch
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
    elif _watch is not None:
        with _kept(_watch, wake):
            yield _watch.has_come
    elif signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield lambda: False
    else:
        watch = _watch = _Watch()
        try:
            signal.signal(signal.SIGINT, watch.signalled)
            with _kept(watch, wake):
                yield watch.has_come
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            _watch = None
            if watch.came:  # between the two
                raise KeyboardInterrupt


@contextlib.contextmanager
def _kept(watch: _Watch, wake: Callable[[], None] | None) -> Iterator[None]:
    before = list(watch.wakes)
    watch.wakes = before + [wake] if wake else before
    try:
        yield
    finally:
        watch.wakes = before
        if watch.came:
            raise KeyboardInterrupt


def at_the_end() -> None:
    """As `wake`: nobody looks at the flag before the end."""


def left_to_parent() -> None:
    """For a worker of a pool: the terminal tells all its processes; the first of them ends the
    others, and what an interrupted one found would be no finding."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
