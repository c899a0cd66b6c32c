"""Time of an emulated board, in microseconds: virtual (it jumps) or real (it passes).

Alarms are named; setting one again moves it. They fire in order of their time.
"""

import time
from collections.abc import Callable

NEVER = 1 << 62


class Alarms:
    """Named one-shot alarms. `due` is when the next one fires, in microseconds."""

    def __init__(self) -> None:
        self._alarms: dict[str, tuple[int, Callable[[], None]]] = {}
        self.due = NEVER

    def set_alarm(self, name: str, at_us: int, fire: Callable[[], None]) -> None:
        self._alarms[name] = (at_us, fire)
        self._find_next()

    def clear_alarm(self, name: str) -> None:
        if self._alarms.pop(name, None):
            self._find_next()

    def clear_alarms(self, prefix: str) -> None:
        for name in [n for n in self._alarms if n.startswith(prefix)]:
            self.clear_alarm(name)

    @property
    def idle(self) -> bool:
        """No alarm of the board is set; the end of a run does not count."""
        return not self._alarms.keys() - {"end"}

    def _find_next(self) -> None:
        self.due = min((at for at, _ in self._alarms.values()), default=NEVER)

    def _fire_next(self) -> None:
        name = min(self._alarms, key=lambda n: self._alarms[n][0])
        _, fire = self._alarms.pop(name)
        self._find_next()
        fire()


class VirtualClock(Alarms):
    """A clock that only moves when time is spent; idle time costs nothing."""

    def __init__(self, now_us: int = 0) -> None:
        super().__init__()
        self.now_us = now_us

    def spend(self, us: int) -> None:
        """Move on by `us`, firing what falls due; an alarm may raise and end the spending."""
        target = self.now_us + us
        while self.due <= target:
            self.now_us = max(self.now_us, self.due)
            self._fire_next()
        self.now_us = max(self.now_us, target)


class RealClock(Alarms):
    """The host's monotonic clock; alarms fire when `fire_due` is called after their time."""

    @property
    def now_us(self) -> int:
        return time.monotonic_ns() // 1000

    def spend(self, us: int) -> None:
        """Real time passes by itself."""

    def fire_due(self) -> None:
        while self.due <= self.now_us:
            self._fire_next()
