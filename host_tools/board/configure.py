"""The command `seesaw config`: change settings of a seesaw at the end of a cable.

The password is in no output of ours, and in no code that could come back as an error.
"""

import base64
import getpass
import os
from argparse import Namespace
from typing import Any

from host_tools.board import port as ports
from host_tools.board.repl import Refused
from host_tools.board.visit import visit
from host_tools.errors import UserError
from host_tools.image import settings

PASSWORD = "SEESAW_PASSWORD"  # of the environment: a command line can be read by everybody
ASK = "-"
CODE = """
from binascii import a2b_base64
from json import loads
from seesaw.cable import set_config
set_config(loads(a2b_base64("%s")))
"""


def main(arguments: Namespace) -> int:
    """Write the settings that are given, leave the others, reset. UserError for a setting that
    makes no sense, before the device is interrupted, and as of `visit`."""
    changes = settings.check(_changes(arguments), "the settings")
    if not changes:
        raise UserError("settings", "none is given", "see seesaw config --help")
    arguments.port = ports.choose(arguments.port)
    blob = base64.b64encode(settings.to_blob(changes)).decode()
    with visit(arguments.port, "new settings") as there:
        try:
            there.repl.run(CODE % blob)
        except Refused as error:
            # Of the device's words only the kind of error: the rest might quote a setting.
            kind = str(error).partition(":")[0]
            fix = "its settings are as before; see seesaw console"
            raise UserError(f"the seesaw at {arguments.port}", f"{kind} there", fix) from None
    print(f"{arguments.port}: set {', '.join(changes)}; it starts again")
    return 0


def _changes(arguments: Namespace) -> dict[str, Any]:
    keys = ("ssid", "instrument", "rotation", "update_url", "tz", "log_level", *settings.NUMBERS)
    given = {key: getattr(arguments, key) for key in keys}
    given["password"] = _password(arguments.password)
    kept = settings.load(arguments.config) if arguments.config else {}
    return kept | {key: value for key, value in given.items() if value is not None}


def _password(given: str | None) -> str | None:
    if given == ASK:
        return getpass.getpass("Wi-Fi password: ")
    return given if given is not None else os.environ.get(PASSWORD)
