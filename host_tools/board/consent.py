"""Nothing of a board is erased before somebody said yes."""

import signal
import sys

from host_tools.errors import UserError


def ask(port: str, *, yes: bool, asked: bool = True) -> None:
    """UserError unless a person, or --yes, agrees to what was just said. asked: may one ask?"""
    if yes:
        return
    what, fix = f"the board at {port}", "add --yes"
    if not asked or not sys.stdin.isatty():
        raise UserError(what, "nobody was asked", fix)
    if answer("Type yes to go on: ") != "yes":
        raise UserError(what, "it was not to be", fix)


def answer(question: str) -> str:
    """What is typed, in small letters. Ctrl-C ends it, also where that is a flag otherwise:
    nobody would look at it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        print(question, end="", file=sys.stderr, flush=True)
        return input().strip().lower()
    except EOFError:
        return ""
    finally:
        signal.signal(signal.SIGINT, before)
