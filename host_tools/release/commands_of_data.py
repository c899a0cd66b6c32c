"""`seesaw release data`: the thin shell around datasets.py."""

from argparse import Namespace
from pathlib import Path

from host_tools.errors import UserError
from host_tools.release import change as changes
from host_tools.release import commands, datasets
from host_tools.release.change import Change
from host_tools.release.commands import Desk

THEN = {  # what devices do with it
    "feeds": "devices try it, and keep it if prices come with it",
    "calendars": "devices try it, and keep it if prices come with it",
    "roots": "devices add them to what they have",
    "notices": "devices for which one is meant show it until it ends",
}


def data(arguments: Namespace) -> int:
    """Sign a set of data; devices that look after its publication try it."""
    path = Path(arguments.file)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(str(path), error.strerror or str(error), "name a file") from error
    name = arguments.name
    with commands.work(arguments) as desk:
        change = datasets.add(
            desk.state, name, raw, arguments.firmware, desk.now_s, arguments.early or ()
        )
        if arguments.dry_run:
            return would(arguments, desk, change)
        lines = commands.sign_and_write(desk, change)
        found = datasets.of(desk.state)
        lines.insert(0, f"data '{name}' is signed: {THEN[name]}")
        return commands.told(arguments, desk, lines, data=datasets.facts(found))


def would(arguments: Namespace, desk: Desk, change: Change) -> int:
    """Sign it all, and write nothing: so what would keep it from being signed is told too."""
    files = sorted(changes.commit(desk.state, change, desk.keys, desk.now_s))
    lines = [f"would write {desk.folder / name}" for name in files]
    lines.append(f"data '{arguments.name}' is as it should be; nothing was signed or written")
    commands.say(arguments, lines, {"would_write": files}, desk.state.all_releases(), desk.ring)
    return 0
