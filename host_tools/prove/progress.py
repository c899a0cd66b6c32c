"""How far a proof is, for people at a terminal alone."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from typing import TextIO

from host_tools.prove.runner import Result

BAR = 24  # columns
ERASE_LINE = "\r\x1b[K"


class Progress:
    """One line that is drawn over and over, and gone at the end; nothing where the stream is no
    terminal. clock: seconds."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self.stream = stream
        self.clock = clock
        self.shown = stream.isatty()
        self.began = clock()
        self.runs = 0
        self.failures = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def slice(self, done: int, tasks: int, result: Result) -> None:
        """For runner.explore(told=...)."""
        self.runs += result.counts.runs
        self.failures += len(result.failures)
        self.told(done, tasks, f"{self.runs} runs, {self.failures} failures, {result.scenario}")

    def told(self, done: int, tasks: int, words: str) -> None:
        """done of tasks are through."""
        if not self.shown or tasks <= 0:
            return
        share = min(1.0, done / tasks)
        bar = "#" * int(share * BAR)
        line = f"[{bar:<{BAR}}] {share:4.0%} {self._left(share)} {words}"
        columns = shutil.get_terminal_size().columns - 1
        self.stream.write(ERASE_LINE + line[:columns])
        self.stream.flush()

    def _left(self, share: float) -> str:
        if share <= 0:
            return "        "
        left = round((self.clock() - self.began) * (1 - share) / share)
        return f"{left // 60:2}:{left % 60:02} left"

    def end(self) -> None:
        """Take the line away."""
        if self.shown:
            self.stream.write(ERASE_LINE)
            self.stream.flush()
            self.shown = False
