"""What the files of the command line share: a command, and types of arguments."""

import argparse
from collections.abc import Callable
from typing import NamedTuple


class Command(NamedTuple):  # a dataclass would cost --help a tenth of its time
    """One command.

    path: its words, 'image build'. handler: 'module:function', imported only when the command is
    used; the function takes the parsed arguments and returns the exit code.
    """

    path: str
    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    handler: str


def count(text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number, 0 or above")
    return int(text)
