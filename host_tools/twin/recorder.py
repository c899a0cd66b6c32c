"""Writes down what a seesaw shows of its market: `seesaw run --record FILE`."""

from pathlib import Path

from host_tools.errors import UserError
from host_tools.market import feed_log
from host_tools.market.feed_log import Told
from host_tools.twin.reports import Quote, Report
from host_tools.twin.scene import Scene


class Recorder:
    """One line after every poll, so that a run that is killed leaves what it saw. The file is made
    at once: UserError where it cannot be."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._scene: Scene | None = None
        self._write("", "w")

    def begin(self, scene: Scene) -> None:
        """The scene is about to run."""
        self._scene = scene
        rate = scene.market.clock.rate if scene.market else 1.0
        self._write(feed_log.head(scene.instrument.name, scene.wall(), rate) + "\n")

    def hear(self, report: Report) -> None:
        if self._scene is None or not isinstance(report, Quote):
            return
        epoch = int(self._scene.wall())
        told = Told(report.t, epoch, report.state, report.price, report.change_percent)
        self._write(feed_log.line(told) + "\n")

    def _write(self, text: str, mode: str = "a") -> None:
        try:
            with self._path.open(mode, encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise UserError(str(self._path), why, "name another file") from error
