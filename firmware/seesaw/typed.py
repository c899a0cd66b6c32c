"""What is typed on the serial line, made into lines for the console."""

import asyncio
import gc
import sys

from micropython import const

LINE_MAX = const(64)  # characters
_LOOK_MS = const(50)
_LOADED = ("console", "facts", "diag", "lastwords", "checkup", "factory")  # for a line


class Lines:
    """Bytes in, lines out. One that is too long, or no printable ASCII, is dropped whole."""

    def __init__(self):
        self._got = b""
        self._bad = False

    def take(self, piece: bytes) -> list:
        found = []
        for c in piece:
            if c == 10 or c == 13:
                if self._got and not self._bad:
                    found.append(self._got.decode())
                self._got, self._bad = b"", False
            elif c == 8 or c == 127:
                self._got = self._got[:-1]
            elif 32 <= c < 127 and len(self._got) < LINE_MAX:
                self._got += bytes((c,))
            else:
                self._bad = True
        return found


class Typed:
    """What is typed at a program. name: of it. The console is loaded for a line and let go of after
    it, so that the program has its memory back; but for one that has asked something."""

    def __init__(self, program: object, name: str):
        self.program = program
        self.name = name
        self.lines = Lines()
        self.console = None

    async def take(self, piece: bytes) -> None:
        """Raises KeyboardInterrupt to go to the prompt."""
        for line in self.lines.take(piece):
            words = await self.run(line)
            if words or not self.console.asked:
                self.console = None
                _forget()
            if words:
                print("console: " + words)

    async def run(self, line: str) -> str:
        """Why it failed, "" when it did not."""
        try:
            await still(self.program)
            if self.console is None:
                from seesaw.console import Console

                self.console = Console(self.program, self.name)
            await self.console.take(line)
            return ""
        except Exception as error:
            return "%s: %s" % (type(error).__name__, error)


def _forget() -> None:
    """Give the memory of these modules back; what else they use is small, or the program's too."""
    package = sys.modules["seesaw"]
    for name in _LOADED:
        sys.modules.pop("seesaw." + name, None)
        if hasattr(package, name):
            delattr(package, name)
    gc.collect()


async def still(program: object) -> None:
    """Until the beam is: what takes long would hold up its next frame."""
    beam = getattr(program, "beam", None)
    while beam and not beam.still:
        await asyncio.sleep_ms(_LOOK_MS)
