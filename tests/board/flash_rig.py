"""`seesaw flash` as a call."""

from argparse import Namespace
from pathlib import Path

from host_tools.board import flash as command

BOARD = "esp32_wrover"


def run(
    port: str, image: Path, *, no_stub: bool = False, board: str | None = BOARD, yes: bool = True,
    erase_nvs: bool = False,
) -> int:  # fmt: skip
    return command.main(
        Namespace(
            port=port, image=str(image), board=board, no_stub=no_stub, yes=yes, erase_nvs=erase_nvs
        )
    )
