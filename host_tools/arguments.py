"""What the files of the command line share: a command, and types of arguments."""

import argparse
from collections.abc import Callable
from typing import NamedTuple

SECONDS_MAX = 10**8  # three years
PORT_MAX = 65535


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


def seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of seconds") from None
    if not 0 < found < SECONDS_MAX:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and below {SECONDS_MAX}")
    return found


def port(text: str) -> int:
    found = count(text)
    if found > PORT_MAX:
        raise argparse.ArgumentTypeError(f"{found} is above {PORT_MAX}")
    return found
