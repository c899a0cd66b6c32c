"""`seesaw drill`: the founding week, rehearsed from end to end on files that can be looked at."""

import json
import shutil
import sys
import time
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from host_tools.drill import story
from host_tools.drill.desk import Unexpected
from host_tools.errors import UserError
from host_tools.progress import Progress

MARK = "drill.json"  # in a folder that is a drill's, and may be replaced
FAILED = 1  # exit code: a step came out another way


def drill(arguments: Namespace) -> int:
    """0 when every step came out as it must. UserError for a folder that is somebody's."""
    folder = _emptied(Path(arguments.out))
    began = time.monotonic()
    played, why = story.begin(folder, arguments.main), ""
    bar = Progress("drill", 100, "%")
    try:
        story.play(played, lambda number: bar.at(100 * number // len(story.STEPS)))
    except Unexpected as error:
        why = str(error)
    finally:
        bar.end()
    found = {
        "ok": not why,
        "why": why,
        "affected": {"prove obeyed": played.obeyed, "prove overruled": played.forced},
        "devices": len(story.INSTRUMENTS),
        "seconds": round(time.monotonic() - began, 1),
        "timeline": [asdict(one) for one in played.timeline],
        "typed": [{"command": words, "code": code} for words, code in played.desk.typed],
    }
    (folder / MARK).write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found) if arguments.json else _text(played, why))
    if why:
        print(f"seesaw: the drill went wrong: {why}", file=sys.stderr)
        return FAILED
    print(f"Look at it: {played.desk.status / 'index.html'}", file=sys.stderr)
    return 0


def _emptied(folder: Path) -> Path:
    """A new folder, or the last drill's without what was in it."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise UserError(str(folder), "it holds something else", "name another folder: --out DIR")
    try:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        (folder / MARK).write_text("{}\n")
    except OSError as error:
        raise UserError(str(folder), str(error), "name another folder: --out DIR") from error
    return folder


def _text(played: story.Story, why: str) -> str:
    """The timeline for people."""
    lines = [f"{one.moment}  {one.what:<34} {one.words}" for one in played.timeline]
    if not why:
        count = len(story.INSTRUMENTS)
        lines += [
            "",
            f"Devices ever affected by the bad fix: {played.obeyed} of {count} where prove is"
            f" obeyed, {played.forced} of {count} where it is overruled.",
        ]
    return "\n".join(lines)
