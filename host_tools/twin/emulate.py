"""The command `seesaw emulate`: an emulated board that mpremote and esptool find at a port."""

import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from host_tools.emulator.serial_port import SerialPort
from host_tools.image import files
from host_tools.stopping import stopping
from host_tools.twin.console import HEADER, Console
from host_tools.twin.reports import Event, Report
from host_tools.twin.scene import Scene, Wanted

CHECK_S = 60  # between two looks for a release: somebody else is at work here


def main(arguments: Namespace) -> int:
    """Boot an image with a market and an update server around it, until Ctrl-C or `--for`.

    The first line is the port. The flash lives in memory: `--save` writes it back at the end.
    UserError for what the user can put right.
    """
    port = SerialPort()
    with stopping() as stop:
        listener = _Listener()
        with Scene(_wanted(arguments, port), listener.hear) as scene:
            listener.scene = scene
            print(f"port {port.path}", flush=True)
            print(_opening(scene), HEADER, sep="\n", flush=True)
            outcome = scene.run(arguments.seconds, None, stop)
        if arguments.save:
            files.replace({scene.image: scene.device.flash.to_bytes()})
    saved = f", saved to {scene.image}" if arguments.save else ""
    good = outcome.reason in ("until", "time")
    print(f"ended after {outcome.elapsed_us / 1_000_000:.1f} s{saved}" if good
          else f"the board is at its end: {outcome.reason} ({outcome.detail}){saved}")  # fmt: skip
    return 0 if good else 1


def _wanted(arguments: Namespace, port: SerialPort) -> Wanted:
    def path(name: str | None) -> Path | None:
        return Path(name) if name else None

    return Wanted(
        board=arguments.board,
        instrument=arguments.instrument,
        check_s=CHECK_S,
        runtime=path(arguments.runtime),
        config=path(arguments.config),
        build=Path(arguments.build),
        flash=path(arguments.flash),
        port=port,
    )


def _opening(scene: Scene) -> str:
    return f"{scene.image} on an emulated {scene.board.name}. Ctrl-C ends."


class _Listener:
    """Prints reports, but for what passes between the board and a program at its prompt."""

    def __init__(self) -> None:
        self.scene: Scene | None = None
        self._console = Console(sys.stdout)

    def hear(self, report: Report) -> None:
        if isinstance(report, Event) and report.event == "serial":
            words = "".join(c for c in report.words if c.isprintable()).strip()
            if not words or (self.scene and self.scene.at_raw_repl):
                return
            report = replace(report, words=words)
        if line := self._console.line(report):
            print(line, flush=True)
