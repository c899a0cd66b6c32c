"""`seesaw release data`: the thin shell around datasets.py."""

from argparse import Namespace
from pathlib import Path

from host_tools.errors import UserError
from host_tools.release import commands, datasets


def data(arguments: Namespace) -> int:
    """Sign a set of data; devices that look after its publication try it."""
    path = Path(arguments.file)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(str(path), error.strerror or str(error), "name a file") from error
    name = arguments.name
    with commands.work(arguments) as desk:
        change = datasets.add(desk.state, name, raw, arguments.firmware)
        lines = commands.sign_and_write(desk, change)
        found = datasets.of(desk.state)
        lines.insert(0, f"data '{name}' is signed: {len(raw)} bytes; devices try it, and keep it if"
                     " prices come with it")  # fmt: skip
        return commands.told(arguments, desk, lines, data=datasets.facts(found))
