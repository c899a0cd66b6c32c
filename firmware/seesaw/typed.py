"""What comes on the serial line, made into lines for the console and packets of Improv."""

import asyncio
import gc

from micropython import const

from seesaw.unload import unload

LINE_MAX = const(64)  # characters
HEADER = b"IMPROV\x01"  # of a packet (improv-wifi.com/serial): version 1
_TORN_S = const(5)  # of silence in a packet: longer than whatever keeps the program from reading
_LOOK_MS = const(50)
_LINE = ("console", "facts", "diag", "lastwords", "checkup", "factory", "levels")
_PACKET = ("improving", "setup.improv", "setup.credentials", "setup.scan", "port.access")


class Split:
    """Bytes in; lines, which are text, and packets out. A line that is too long, or no printable
    ASCII, is dropped whole; one goes on behind a packet that came in the midst of it."""

    def __init__(self):
        self._got = b""  # of a line
        self._bad = False
        self._packet = b""  # what has come of one
        self._came_s = 0

    def take(self, piece: bytes, now_s: int) -> list:
        """now_s: up_s(). Raises KeyboardInterrupt at a Ctrl-C, which in a packet is none."""
        if now_s - self._came_s > _TORN_S:
            self._packet = b""
        self._came_s = now_s
        found = []
        while piece:
            rest = b""
            if self._packet:
                rest = self._more(piece, found)
            else:
                for at, c in enumerate(piece):
                    self._character(c, found)
                    if self._packet:
                        rest = piece[at + 1 :]
                        break
            piece = rest
        return found

    def _character(self, c: int, found: list) -> None:
        if c == 10 or c == 13:
            if self._got and not self._bad:
                found.append(self._got.decode())
            self._got, self._bad = b"", False
        elif c == 3:
            raise KeyboardInterrupt
        elif c == HEADER[6] and self._got.endswith(HEADER[:6]):
            self._got, self._packet = self._got[:-6], HEADER
        elif c == 8 or c == 127:
            self._got = self._got[:-1]
        elif 32 <= c < 127:
            self._bad = self._bad or len(self._got) == LINE_MAX
            self._got = (self._got + bytes((c,)))[-LINE_MAX:]
        else:
            self._got, self._bad = b"", True

    def _more(self, piece: bytes, found: list) -> bytes:
        """Of a packet; what is behind its end. Within one that is wrong another may have begun."""
        got = self._packet + piece
        size = got[8] + 10 if len(got) > 8 else len(got) + 1  # header, type, length, data, checksum
        self._packet = got if len(got) < size else b""
        if self._packet:
            return b""
        packet, rest = got[:size], got[size:]
        found.append(packet)
        if sum(packet[:-1]) & 0xFF != packet[-1]:
            at = packet.find(HEADER, 1)
            if at > 0:
                self._packet, rest = HEADER, got[at + 7 :]
            else:
                self._got = (self._got + _begun(packet))[-LINE_MAX:]
        return rest


def _begun(packet: bytes) -> bytes:
    """What of a header stands at its end."""
    size = 6
    while not packet.endswith(HEADER[:size]):
        size -= 1
    return HEADER[:size]


class Typed:
    """What comes to a program. name: of it. write(bytes): to the line. What answers is loaded for a
    line, or for a packet, and let go of after it, so that the program has its memory back; but for
    a console that has asked something, and while a network is tried."""

    def __init__(self, program: object, name: str, write: object):
        self.program = program
        self.name = name
        self.write = write
        self.split = Split()
        self.console = None
        self.improv = None

    async def take(self, piece: bytes) -> None:
        """Raises KeyboardInterrupt to go to the prompt."""
        for one in self.split.take(piece, self.program.clock.up_s()):
            words = await self.run(one)
            if words or not (self.console and self.console.asked):
                self.console = None
                unload(*_LINE)
            if self.name != "setup" and not (self.improv and self.improv.busy):
                self.improv = None
                unload(*_PACKET)
            gc.collect()
            if words:
                print("console: " + words)

    async def run(self, one: object) -> str:
        """Why it failed, "" when it did not."""
        try:
            await still(self.program)
            if isinstance(one, bytes):
                self.packet(one)
                return ""
            if self.console is None:
                from seesaw.console import Console

                self.console = Console(self.program, self.name)
            await self.console.take(one)
            return ""
        except Exception as error:
            return "%s: %s" % (type(error).__name__, error)

    def packet(self, raw: bytes) -> None:
        """Set-up answers by itself."""
        from seesaw.setup import improv

        command = improv.command(raw)
        if not command:
            return
        if self.name == "setup":
            self.write(self.program.answer(*command))
            return
        if self.improv is None:
            from seesaw.improving import Improving

            self.improv = Improving(self.program, self.name, self.write)
        self.write(self.improv.answer(*command))


async def still(program: object) -> None:
    """Until the beam is: what takes long would hold up its next frame."""
    beam = getattr(program, "beam", None)
    while beam and not beam.still:
        await asyncio.sleep_ms(_LOOK_MS)
