"""The commands `seesaw diag` and `seesaw diag read`: ask a seesaw how it is, and read what it says.

It is asked on the serial line while it goes on. One that does not answer, as its app crashes before
anybody could ask, is asked at its prompt, and reset after that.
"""

import contextlib
import json
import sys
import time
from argparse import Namespace
from pathlib import Path

import serial

from host_tools.board import known, paste, rom
from host_tools.board import port as ports
from host_tools.board.paste import Paste
from host_tools.board.repl import BAUD
from host_tools.board.visit import visit
from host_tools.errors import UserError

FORMAT = 1
ANSWER_S = 90.0  # a crash, its pause and a look for a release come before an updater that listens
AGAIN_S = 6.0  # between two questions
READ_S = 0.2
TEXT_MAX = 1 << 20  # bytes of a file, of a mail
HEARD_MAX = 100_000  # characters
QUESTION = b"\rdiag\r"
PROMPT = "\n>>> "
AT_PROMPT = "from seesaw.cable import diag\nprint(diag(boot), end='')"


def main(args: Namespace) -> int:
    """Ask the seesaw at `args.port`. 0 for a paste that came whole, else 1. UserError when none
    came, and as of `visit`."""
    args.port = ports.choose(args.port)
    if "://" not in args.port:
        ports.check(args.port)
    text = _ask(args.port)
    found = paste.find(text)
    if not (found and found.whole):
        print(f"{args.port}: it does not answer; it is asked at its prompt, and starts again",
              file=sys.stderr, flush=True)  # fmt: skip
        text += "\n" + _at_prompt(args.port)
        found = paste.find(text)
    if found is None:
        fix = f"see what it says: seesaw console --port {args.port}"
        raise UserError(f"the seesaw at {args.port}", "it gives no paste", fix)
    if args.json:
        print(json.dumps(as_json(found, text)))
    else:
        print(found.text, end="", flush=True)
        _say_troubles(found, text)
    return 0 if found.whole else 1


def read(args: Namespace) -> int:
    """Say what a paste in a file is about: 0 when it is whole and tells of no trouble, else 1.
    UserError when there is none in it."""
    text = _text(args.file)
    found = paste.find(text)
    if found is None:
        fix = "it begins with '--- SEESAW DIAG 1 BEGIN ---'; ask for all of it, or for a capture"
        raise UserError(args.file, "there is no paste in it", fix)
    troubles = known.troubles(found, text)
    if args.json:
        print(json.dumps(as_json(found, text)))
    else:
        print("\n".join(_in_words(found, text, troubles)))
    return 0 if found.whole and not troubles else 1


def as_json(found: Paste, text: str) -> dict[str, object]:
    """For programs."""
    return {
        "format": FORMAT, "whole": found.whole, "verdict": found.verdict, "facts": found.facts,
        "resets": rom.resets(text),
        "troubles": [{"name": one.name, "words": one.words, "fix": one.fix}
                     for one in known.troubles(found, text)],
    }  # fmt: skip


def _in_words(found: Paste, text: str, troubles: list[known.Trouble]) -> list[str]:
    lines = []
    if not found.ended:
        lines.append("The end of the paste is missing: what follows is of its beginning.")
    elif not found.whole:
        lines.append("The paste is not as the device made it: its CRC is wrong.")
    if found.format != paste.FORMAT:
        lines.append(f"It is of format {found.format}, which this tool does not know.")
    lines.append(f"{found.get('release.version') or '?'} on {found.get('release.board') or '?'},"
                 f" {found.get('program') or '?'}: {found.verdict}")  # fmt: skip
    lines += [f"reset: {words}" for words in rom.resets(text)]
    lines += _lines(troubles)
    return lines if troubles else [*lines, "No known trouble."]


def _lines(troubles: list[known.Trouble]) -> list[str]:
    return [f"{one.name}: {one.words}; {one.fix}" for one in troubles]


def _say_troubles(found: Paste, text: str) -> None:
    for line in _lines(known.troubles(found, text)):
        print(line, file=sys.stderr)


def _text(name: str) -> str:
    if name == "-":
        return sys.stdin.read(TEXT_MAX)
    try:
        with Path(name).open("rb") as file:
            return file.read(TEXT_MAX).decode("utf-8", "replace")
    except OSError as error:
        raise UserError(name, error.strerror or "it cannot be read", "check its name") from error


def _ask(port: str) -> str:
    """What is heard, until a whole paste is among it, or the prompt, or for ANSWER_S."""
    text = ""
    end_s = time.monotonic() + ANSWER_S
    again_s = 0.0
    try:
        with contextlib.closing(open_line(port)) as line:
            while time.monotonic() < end_s and PROMPT not in text:
                if time.monotonic() >= again_s:
                    line.write(QUESTION)
                    again_s = time.monotonic() + AGAIN_S
                data = line.read(max(1, line.in_waiting))
                text = (text + data.decode("utf-8", "replace").replace("\r\n", "\n"))[-HEARD_MAX:]
                if (found := paste.find(text)) and found.whole:
                    break
    except OSError as error:
        fix = "plug it in and try again"
        raise UserError(f"the cable to {port}", "the device is gone", fix) from error
    return text


def open_line(port: str) -> serial.Serial:
    """The serial line for us alone. Raises OSError."""
    url = "://" in port
    line: serial.Serial = serial.serial_for_url(port, BAUD, timeout=READ_S, do_not_open=True)
    if not url:
        line.exclusive = True
    line.open()
    return line


def _at_prompt(port: str) -> str:
    with visit(port, "asked for diagnostics") as there:
        return there.repl.run(AT_PROMPT).replace("\r\n", "\n")
