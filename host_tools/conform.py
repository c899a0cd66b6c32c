"""The command `seesaw conformance`: the same scripts on every target, against what is recorded.

Without a port the targets are the two engines, where a script is the main.py of a new device.
"""

import json
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path

from host_tools.board import conform as cable
from host_tools.board import consent, runtime_record
from host_tools.board.conform import Script
from host_tools.board.repl import Lost, Refused
from host_tools.emulator.board import Options, Surroundings
from host_tools.emulator.companion import Companion
from host_tools.emulator.cpython_engine import CPythonDevice
from host_tools.emulator.device import Device
from host_tools.emulator.flash import Flash
from host_tools.emulator.micropython_engine import MicroPythonDevice, NoMicroPython
from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import flash_image, runtime
from host_tools.stopping import stopping

SCRIPTS = Path(__file__).parents[1] / "tests" / "conformance"
SAVED = Path("build")  # where a board's own flash is kept meanwhile
ENGINES = ("cpython", "micropython")
TOUCHES = ("nvs", "otadata", "other_slot", "data")
RUN_S = 60  # of the device's time
END = "END\n"
OK, DIFFERS, NOT_RUN = "ok", "differs", "not run"
MARK, COLUMN = ">", 56  # of the side by side view: of the first differing line; characters


@dataclass(frozen=True, slots=True)
class Result:
    """One script on one target. result: OK, DIFFERS or NOT_RUN; why: of the last."""

    target: str
    script: str
    result: str
    why: str = ""
    wanted: str = ""
    got: str = ""


def main(arguments: Namespace) -> int:
    """0 when nothing differs, else 1. UserError for what the user can put right."""
    if arguments.restore:
        if not arguments.port:
            raise UserError("--restore", "there is no port", "add --port PORT")
        cable.restore(arguments.port, Path(arguments.restore))
        return 0
    if arguments.record and not arguments.port:
        raise UserError("--record", "only a board is right by itself", "add --port PORT")
    if arguments.runtime_record:
        return _record_runtime(arguments)
    scripts = load(arguments.names, recorded=not arguments.record)
    with stopping() as stopped:
        if arguments.port:
            found = list(_on_port(arguments, scripts, stopped))
        else:
            found = list(_on_engines(arguments, scripts, stopped))
    if stopped():
        raise KeyboardInterrupt
    if arguments.json:
        print(json.dumps([_as_json(result) for result in found], indent=2))
    else:
        print(summary(found))
    return int(any(result.result == DIFFERS for result in found))


def _record_runtime(arguments: Namespace) -> int:
    """Trial and rollback on a board, without the scripts. UserError as runtime_record.record()."""
    if arguments.names or arguments.record or arguments.json:
        why = "it runs no scripts: it is trial and rollback alone"
        raise UserError("--runtime-record", why, "give it --port alone")
    if not arguments.port:
        why = "a runtime is shown on a board, or in QEMU"
        raise UserError("--runtime-record", why, "add --port PORT")
    return runtime_record.record(
        arguments.port, Path(arguments.runtime_record), lambda lines: _consent(arguments, lines)
    )


def load(names: list[str], folder: Path | None = None, recorded: bool = True) -> list[Script]:
    """The scripts with these names, all without any. UserError for one that is not there.

    recorded: must its .exp be there?
    """
    folder = folder or SCRIPTS
    known = sorted(path.stem for path in folder.glob("*.py"))
    for name in names:
        if name not in known:
            raise UserError(f"script '{name}'", "there is none", "choose from " + " ".join(known))
    return [_load(folder / f"{name}.py", recorded) for name in names or known]


def _load(path: Path, recorded: bool) -> Script:
    text = path.read_text("utf-8")
    header = [line for line in text.splitlines()[:5] if line.startswith("# touches:")]
    touches = tuple(header[0].partition(":")[2].split()) if header else ("?",)
    if not set(touches) <= set(TOUCHES):
        fix = "give it a line '# touches:' of " + ", ".join(TOUCHES)
        raise UserError(str(path), "its first lines do not say what it touches", fix)
    expected = path.with_suffix(".exp")
    if recorded and not expected.exists():
        fix = f"run it on a board: seesaw conformance --port PORT --record {path.stem}"
        raise UserError(str(path), "nothing is recorded of it", fix)
    wanted = expected.read_text("utf-8") if expected.exists() else ""
    return Script(path.stem, text, wanted, touches)


# -- the engines -----------------------------------------------------------------------------


def _on_engines(
    arguments: Namespace, scripts: list[Script], stopped: Callable[[], bool]
) -> Iterator[Result]:
    engines = ENGINES if arguments.engine == "both" else (arguments.engine,)
    for engine in engines:
        for script in scripts:
            got = on_engine(engine, arguments.board, script, stopped)
            if stopped():
                return
            yield _judge(arguments, f"{arguments.board} on {engine}", script, got)


def on_engine(
    engine: str, board: str, script: Script, stopped: Callable[[], bool] = lambda: False
) -> str:
    """What the script prints as main.py of a new device. UserError without a VM."""
    flash = new_flash(board, script.text)
    heard: list[str] = []
    around = Surroundings(serial=heard.append)
    options = Options(chip=boards.load(board).chip)
    try:
        device: Device = (
            CPythonDevice(flash, Companion(), around, options)
            if engine == "cpython"
            else MicroPythonDevice(flash, around, options)
        )
        device.run(RUN_S, lambda: stopped() or "".join(heard[-4:]).endswith(END))
    except NoMicroPython as error:
        raise UserError("engine micropython", str(error), "or choose --engine cpython") from error
    return "".join(heard)


@cache
def _images(name: str) -> tuple[boards.Board, bytes, bytes]:
    board = boards.load(name)
    return board, *runtime.synthetic(board)


def new_flash(board: str, main: str) -> Flash:
    """A new device of this board with this main.py, and no more."""
    made, bootloader, app = _images(board)
    return Flash.from_bytes(flash_image.compose(made, bootloader, [(0, app)], main.encode()))


# -- a board at a port -----------------------------------------------------------------------


def _on_port(
    arguments: Namespace, scripts: list[Script], stopped: Callable[[], bool]
) -> Iterator[Result]:
    """All that was found before Ctrl-C; the board is as it was after the last of them."""
    port = arguments.port
    try:
        visit = cable.Visit(port, stopped)
        try:
            seen = visit.look()
            running = [script for script in scripts if not seen.misses(script)]
            for script in scripts:
                if why := seen.misses(script):
                    yield Result(port, script.name, NOT_RUN, why)
            if not running:
                return
            touched = cable.labels(seen, running)
            _ask(arguments, seen, touched)
            path = SAVED / f"conformance-{seen.uid}.json"
            with cable.saved_board(visit, touched, path) as play:
                for script in running:
                    yield _judge(arguments, port, script, play(script))
        finally:
            visit.leave()
    except KeyboardInterrupt:
        if not stopped():
            raise
    except Refused as error:
        why, fix = f"it says {error}", "it was reset; try again"
        raise UserError(f"the board at {port}", why, fix) from error
    except Lost as error:
        fix = "plug it in and try again"
        raise UserError(f"the cable to {port}", f"the device {error}", fix) from error


def _ask(arguments: Namespace, seen: cable.Seen, touched: list[str]) -> None:
    """Say what is there and what will be erased; UserError unless that is all right."""
    parts = ", ".join(f"{label} ({seen.size(label) >> 10} KiB)" for label in touched)
    _consent(arguments, [
        f"{arguments.port}: {seen.name}, id {seen.uid}",
        f"It will erase, and write back at the end: {parts}.",
        "A main.py rests meanwhile.",
    ])  # fmt: skip


def _consent(arguments: Namespace, lines: list[str]) -> None:
    """UserError unless a person, or --yes, agrees to what the lines say."""
    print("\n".join(lines), file=sys.stderr if arguments.json else sys.stdout, flush=True)
    consent.ask(arguments.port, yes=arguments.yes, asked=not arguments.json)


# -- what came of it -------------------------------------------------------------------------


def _judge(arguments: Namespace, target: str, script: Script, got: str) -> Result:
    if arguments.record:
        (SCRIPTS / f"{script.name}.exp").write_text(got, "utf-8")
        return _said(arguments, Result(target, script.name, OK, "recorded", got, got))
    what = OK if got == script.wanted else DIFFERS
    return _said(arguments, Result(target, script.name, what, "", script.wanted, got))


def _said(arguments: Namespace, result: Result) -> Result:
    if not arguments.json:
        print(f"{result.target}: {result.script} {result.why or result.result}", flush=True)
        if result.result == DIFFERS:
            print(side_by_side(result.wanted, result.got), flush=True)
    return result


def side_by_side(wanted: str, got: str) -> str:
    """Both outputs, line beside line; MARK stands before the first that differs."""
    lines = [f"    {'recorded':<{COLUMN}}  this target"]
    marked = False
    for left, right in zip_longest(wanted.splitlines(), got.splitlines()):
        mark = MARK if left != right and not marked else " "
        marked = marked or left != right
        left, right = ("(nothing)" if text is None else text for text in (left, right))
        lines.append(f"  {mark} {left:<{COLUMN}}  {right}")
    if not marked:
        lines.append(f"  {MARK} they differ in the last line's end alone")
    return "\n".join(lines)


def summary(found: list[Result]) -> str:
    """What was not run, by name, and the counts."""
    lines = [f"{r.target}: {r.script} not run: {r.why}" for r in found if r.result == NOT_RUN]
    counts = [sum(r.result == what for r in found) for what in (OK, DIFFERS, NOT_RUN)]
    lines.append("{} as recorded, {} differ, {} not run".format(*counts))
    return "\n".join(lines)


def _as_json(result: Result) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = {
        "target": result.target, "script": result.script, "result": result.result,
        "why": result.why,
    }  # fmt: skip
    if result.result == DIFFERS:
        found |= {"recorded": result.wanted.splitlines(), "got": result.got.splitlines()}
    return found
