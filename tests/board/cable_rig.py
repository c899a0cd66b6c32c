"""An emulated seesaw on a pseudo-terminal, living in a thread: what a cable leads to."""

import contextlib
import os
import pty
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import rig

from host_tools.emulator.board import Surroundings
from host_tools.emulator.device import Outcome
from host_tools.emulator.flash import Flash
from host_tools.emulator.micropython_engine import MicroPythonDevice
from host_tools.emulator.serial_port import SerialPort
from host_tools.market.server import Market
from host_tools.market.site import Site, serve, static
from host_tools.release.publish import Release

FAST = {"poll_s": 1, "check_s": 86400}
PATIENCE_S = 90.0  # for anything at all
CRASH = (  # of app.py
    "            if await self.joined():\n", "            raise RuntimeError('a planted fault')\n"
    "            if await self.joined():\n",
)  # fmt: skip
TURN_S = 0.02


class Desk:
    """A board with power and a cable, beside a market and an update server."""

    def __init__(self, flash: Flash, market: Market) -> None:
        self.flash = flash
        self.port = SerialPort()
        self.text = ""  # all that it said
        self.events: list[str] = []
        self.outcome: Outcome | BaseException | None = None
        around = Surroundings(wall=market.clock.now, serial=self._hear, events=self.events.append)
        self.device = MicroPythonDevice(flash, around, port=self.port)
        self._over = False
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def _live(self) -> None:
        try:
            self.outcome = self.device.run(600, lambda: self._over)
        except BaseException as error:
            self.outcome = error
            raise
        finally:
            self.port.close()  # board and port get their power from the same cable

    def _hear(self, text: str) -> None:
        self.text += text

    def close(self) -> None:
        self._over = True
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def wait(self, what: Callable[[], object]) -> None:
        end_s = time.monotonic() + PATIENCE_S
        while not what():
            assert time.monotonic() < end_s, self.text[-2000:]
            assert self.outcome is None or what(), repr(self.outcome)
            time.sleep(TURN_S)

    def wait_for(self, words: str, start: int = 0) -> int:
        """Until it says this, beyond `start` of what it said; where that ends."""
        self.wait(lambda: words in self.text[start:])
        return self.text.index(words, start) + len(words)


class World:
    """The servers around a desk. settings: of the board, to reach them."""

    def __init__(self, opened: contextlib.ExitStack, release: Release) -> None:
        self.market = Market("sp500")
        self.release = release
        prices = opened.enter_context(serve(self.market.site))
        updates = Site(static(self.release.site), self.market.clock.epoch)
        url = opened.enter_context(serve(updates)).url
        bases = dict.fromkeys(self.market.providers, prices.url)
        self.settings = {**FAST, "update_url": url, "providers": bases}
        self._opened = opened

    def desk(self, flash: Flash | None = None) -> Desk:
        """A board of its own, by default a new one; it loses its power with the world."""
        made = Desk(flash or rig.new_flash(self.release, **self.settings), self.market)
        self._opened.callback(made.close)
        return made


@contextlib.contextmanager
def world(release: Release | None = None) -> Iterator[World]:
    """release: of new boards, and what its site serves; by default of the development key."""
    with contextlib.ExitStack() as opened:
        yield World(opened, release or rig.release("0.1.0"))


def mpremote(port: str, *words: str) -> str:
    """What the real mpremote prints, to the end of its work."""
    done = subprocess.run(
        [sys.executable, "-m", "mpremote", "connect", port, *words],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Terminal:
    """A program on a terminal of its own, with somebody who types."""

    def __init__(self, *command: str) -> None:
        self._ours, theirs = pty.openpty()
        os.set_blocking(self._ours, False)
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command], stdin=theirs, stdout=theirs, stderr=theirs,
            start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self.text = ""

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def wait_for(self, words: str) -> None:
        end_s = time.monotonic() + PATIENCE_S
        while words not in self.text:
            assert time.monotonic() < end_s, self.text
            with contextlib.suppress(BlockingIOError):
                self.text += os.read(self._ours, 4096).decode("utf-8", "replace")
            time.sleep(TURN_S)

    def leave(self) -> int:
        """Press Ctrl-] and wait for the end: its exit code."""
        self.type("\x1d")
        try:
            return self.process.wait(PATIENCE_S)
        finally:
            self.process.kill()
            self.process.wait()
            os.close(self._ours)


def rewritten(folder: Path, name: str, old: str, new: str) -> Path:
    """A copy of the firmware with one text changed."""
    import shutil

    shutil.copytree(rig.bundle.FIRMWARE / "seesaw", folder / "seesaw")
    path = folder / "seesaw" / name
    text = path.read_text()
    assert old in text, f"{name} has no {old!r} any more: mend the test"
    path.write_text(text.replace(old, new))
    return folder
