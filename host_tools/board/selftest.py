"""The command `seesaw selftest`: does every part of this device work? A table, and a record.

It runs at the prompt of the device, which is reset afterwards and is then as it was: the beam ends
where it began, and the sector that is written holds again what it held.
"""

import ast
import json
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from host_tools.board import consent, selftest_parts
from host_tools.board import port as ports
from host_tools.board.repl import Refused, Repl
from host_tools.board.visit import visit
from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import files
from host_tools.image.board import Board

FORMAT = 1
FOLDER = Path("build")
PASSED, FAILED, UNSEEN = "passed", "failed", "not looked at"
CLOCK_S = 2.0
CLOCK_PERCENT = 3  # of CLOCK_S: the cable takes its time

Ask = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Result:
    """result: PASSED, FAILED or UNSEEN. took_ms: with the person's time."""

    name: str
    result: str
    words: str
    took_ms: int


def main(args: Namespace) -> int:
    """Test the seesaw at `args.port`: 0 when nothing failed, else 1. UserError as of `visit`, and
    when nobody is there to look, without `args.yes`."""
    if not args.yes and not sys.stdin.isatty():
        fix = "run it in a terminal, or add --yes: it is recorded as not looked at"
        raise UserError("the self-test", "nobody is there to look at the beam", fix)
    args.port = ports.choose(args.port)
    ask = None if args.yes else _ask
    with visit(args.port, "a self-test") as there:
        about = ast.literal_eval(there.repl.run(selftest_parts.ABOUT).strip())
        board = boards.load(about["board"])
        print(f"{args.port}: {about['board']} {about['mac']}: some ten seconds; the beam moves",
              file=sys.stderr, flush=True)  # fmt: skip
        results = [_run(there.repl, board, name, ask) for name in TESTS]
    record = as_record(about, results, time.time())
    out = Path(args.record) if args.record else _default(about["mac"])
    files.replace({out: (json.dumps(record, indent=2) + "\n").encode()})
    print(json.dumps(record) if args.json else table(results))
    print(f"{args.port}: {record['result']}; the record is {out}", file=sys.stderr)
    return 1 if record["result"] == FAILED else 0


def as_record(about: dict[str, Any], results: list[Result], now: float) -> dict[str, Any]:
    """What is kept of a test: the device, and what each of its parts did."""
    found = {result.result for result in results}
    worst = next(word for word in (FAILED, UNSEEN, PASSED) if word in found)
    return {
        "format": FORMAT,
        **about,
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
        "result": worst,
        "tests": [asdict(result) for result in results],
    }


def table(results: list[Result]) -> str:
    return "\n".join(f"{r.name:<7} {r.result:<14} {r.words}".rstrip() for r in results)


def _default(mac: str) -> Path:
    FOLDER.mkdir(exist_ok=True)
    return FOLDER / f"selftest-{mac.replace(':', '')}.json"


def _run(repl: Repl, board: Board, name: str, ask: Ask | None) -> Result:
    """One test; what the device refuses is its failure. Raises Lost."""
    start_s = time.monotonic()
    try:
        result, words = TESTS[name](repl, board, ask)
    except Refused as error:
        result, words = FAILED, str(error)
    return Result(name, result, words, round((time.monotonic() - start_s) * 1000))


# -- the tests ----------------------------------------------------------------------------------

Found = tuple[str, str]  # result, words


def _servo(repl: Repl, board: Board, ask: Ask | None) -> Found:
    swept = repl.run(selftest_parts.SERVO).strip()
    return _looked_at(ask, "Did the beam move down, up and back? [y/n] ", swept)


def _led(repl: Repl, board: Board, ask: Ask | None) -> Found:
    repl.run(selftest_parts.LED.format(pin=board.led_pin))
    return _looked_at(ask, "Did the LED blink? [y/n] ", f"GPIO {board.led_pin} blinked 6 times")


def _button(repl: Repl, board: Board, ask: Ask | None) -> Found:
    """Without a person it is only seen not to be stuck."""
    seconds = selftest_parts.PRESS_S if ask else 0
    if ask:
        print(f"Press the button within {seconds} s.", file=sys.stderr, flush=True)
    code = selftest_parts.BUTTON.format(pin=board.button_pin, seconds=seconds)
    at_rest, pressed = ast.literal_eval(repl.run(code, seconds + 15.0).strip())
    where = f"GPIO {board.button_pin}"
    if not at_rest:
        return FAILED, f"{where} is low with nobody at it"
    if not ask:
        return UNSEEN, f"{where} is high, as with nobody at it"
    return (PASSED, f"{where} went low") if pressed else (FAILED, f"{where} stayed high")


def _wifi(repl: Repl, board: Board, ask: Ask | None) -> Found:
    count, strongest = ast.literal_eval(repl.run(selftest_parts.WIFI, 30.0).strip())
    if not count:
        return FAILED, "no network is seen; is there one at 2.4 GHz, and the antenna?"
    return PASSED, f"{count} networks, the strongest at {strongest} dBm"


def _flash(repl: Repl, board: Board, ask: Ask | None) -> Found:
    trouble = repl.run(selftest_parts.FLASH, 60.0).strip()
    if trouble:
        return FAILED, trouble
    return PASSED, "a spare sector written, read, put back; data read alike twice"


def _clock(repl: Repl, board: Board, ask: Ask | None) -> Found:
    """Against the clock of this machine."""
    repl.run("import time\n_t = time.ticks_us()")
    start_s = time.monotonic()
    time.sleep(CLOCK_S)
    there_us = int(repl.run("print(time.ticks_diff(time.ticks_us(), _t))").strip())
    here_us = (time.monotonic() - start_s) * 1e6
    percent = abs(there_us - here_us) / here_us * 100
    words = f"{there_us / 1e6:.2f} s there, {here_us / 1e6:.2f} s here"
    return (PASSED if percent <= CLOCK_PERCENT else FAILED), words


TESTS: dict[str, Callable[[Repl, Board, Ask | None], Found]] = {
    "servo": _servo, "led": _led, "button": _button, "wifi": _wifi, "flash": _flash,
    "clock": _clock,
}  # fmt: skip


def _looked_at(ask: Ask | None, question: str, words: str) -> Found:
    if not ask:
        return UNSEEN, words
    return (PASSED, words) if ask(question) else (FAILED, f"{words}, and nobody saw it")


def _ask(question: str) -> bool:
    return consent.answer(question) in ("y", "yes")
