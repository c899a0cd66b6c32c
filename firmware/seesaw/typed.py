"""What is typed on the serial line, made into lines for the console."""

import asyncio

from micropython import const

LINE_MAX = const(64)  # characters
_LOOK_MS = const(50)


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
    """What is typed at a program. name: of it."""

    def __init__(self, program: object, name: str):
        self.program = program
        self.name = name
        self.lines = Lines()
        self.console = None

    async def take(self, piece: bytes) -> None:
        """Raises KeyboardInterrupt to go to the prompt."""
        for line in self.lines.take(piece):
            try:
                if self.console is None:
                    await still(self.program)
                    from seesaw.console import Console

                    self.console = Console(self.program, self.name)
                await self.console.take(line)
            except Exception as error:
                print("console: %s: %s" % (type(error).__name__, error))


async def still(program: object) -> None:
    """Until the beam is: what takes long would hold up its next frame."""
    beam = getattr(program, "beam", None)
    while beam and not beam.still:
        await asyncio.sleep_ms(_LOOK_MS)
