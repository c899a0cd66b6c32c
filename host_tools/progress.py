"""A bar of how far something is, for people alone."""

import sys

COLUMNS = 30


class Progress:
    """total: in bytes, or percent where unit is "%". Drawn on standard error, and only where that
    is a terminal."""

    def __init__(self, name: str, total: int, unit: str = "KiB") -> None:
        self.name = name
        self.total = total
        self.unit = unit
        self.done = 0
        self._drawn = -1  # percent

    @property
    def percent(self) -> int:
        return min(100, self.done * 100 // self.total)

    def add(self, count: int) -> None:
        self.at(self.done + count)

    def at(self, done: int) -> None:
        self.done = done
        if sys.stderr.isatty() and self.percent != self._drawn:
            self._drawn = self.percent
            bar = "#" * (self.percent * COLUMNS // 100)
            text = f"\r{self.name} [{bar:<{COLUMNS}}] {self.percent:3} %"
            if self.unit == "KiB":
                text += f" {min(done, self.total) >> 10} of {self.total >> 10} KiB"
            print(text, end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._drawn >= 0:
            print(file=sys.stderr)
