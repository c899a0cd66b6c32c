"""The command `seesaw console`: the serial line of a seesaw, without interrupting it."""

import subprocess
import sys
from argparse import Namespace

from host_tools.board import port as ports
from host_tools.errors import UserError


def main(arguments: Namespace) -> int:
    """mpremote's console until Ctrl-]. UserError without a terminal, or when the port is absent,
    busy or forbidden."""
    if not sys.stdin.isatty():
        raise UserError("the console", "there is no terminal to type at", "run it in one")
    arguments.port = ports.choose(arguments.port)
    if "://" not in arguments.port:
        ports.check(arguments.port)
    command = [sys.executable, "-m", "mpremote", "connect", arguments.port, "resume", "repl"]
    return subprocess.run(command, check=False).returncode
