"""Releases to offer an emulated seesaw: a sound one, and one whose app crashes in its trial."""

import shutil
import tempfile
from pathlib import Path

from host_tools.image import bundle
from host_tools.image.board import Board
from host_tools.release import publish
from host_tools.release.publish import Release

TRIAL_S = 10  # the firmware's floor
CRASH_WORDS = "a fault planted to show the rollback"
# Appended to the app: it starts well, moves the beam, and falls over in the middle of its trial.
CRASH = f"""

_Sound = App


class App(_Sound):
    async def follow(self):
        going = asyncio.create_task(_Sound.follow(self))
        await asyncio.sleep(2)
        going.cancel()
        raise RuntimeError("{CRASH_WORDS}")
"""


def make(board: Board, version: str, app: bytes, *, crash: bool = False) -> Release:
    """A release of the firmware as it stands on the runtime `app`, with the shortest trial.

    crash: plant the fault. UserError when the firmware does not compile or does not fit.
    """
    if not crash:
        return publish.make(board, version, app, trial_s=TRIAL_S)
    with tempfile.TemporaryDirectory(prefix="seesaw-crash-") as folder:
        source = Path(folder)
        shutil.copytree(bundle.FIRMWARE / bundle.PACKAGE, source / bundle.PACKAGE)
        with (source / bundle.PACKAGE / "app.py").open("a", encoding="utf-8") as text:
            text.write(CRASH)
        return publish.make(board, version, app, source=source, trial_s=TRIAL_S)
