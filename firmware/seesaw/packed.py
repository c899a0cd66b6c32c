"""A bundle on its way: packed, and as the difference from the bundle that runs where the desk made
one (SPEC, "Packed bundle").

It is one packed stream in pieces, and each begins with the hash of the next; that of the first is
signed: nothing is unpacked that was not vouched for.
"""

import hashlib
import io
from binascii import hexlify

from micropython import const

BLOCK = const(2048)  # bytes of the bundle
LINK = const(20)  # bytes at a piece's begin, about the next one: length, base, hash
HASH = const(16)  # bytes of a piece's SHA-256 that the link before has
WINDOW = const(12)  # bits: 4 KB, as much as unpacking keeps in memory
UNIT = const(512)  # bytes: in these a base is counted
NO_BASE = const(0xFFFF)
_ROOM = const(2176)  # bytes, of a piece: what does not shrink is stored
_GROWTH = const(136)  # bytes
_SECTOR = const(4096)  # bytes
_NOTHING = b"\x00\x01\x00\xfe\xff\x00"  # a stored block of one byte (RFC 1951, 3.2.4)
_STORED = b"\x00\x00\x02\xff\xfd"  # how a stored block of UNIT bytes begins


class Packed:
    """In place of a bundle: what is fetched (url, size), and a sink for it (write, count, rewind).

    part: update.offer.Part of the bundle. suffix: of its URL. found: what was signed of this
    packed file. sink: takes the bundle. running, offset: block device and byte in it where the
    bundle lies that this may be the difference from. Whatever is wrong raises.
    """

    def __init__(self, part, suffix, found, sink, running, offset):
        self.url = part.url + suffix
        self.size = found["length"]
        self._sha256 = bytes.fromhex(found["sha256"])
        self._bundle_size = part.size
        self._sink = sink
        self._running = running
        self._offset = offset
        self.rewind()

    def rewind(self) -> None:
        import deflate

        self._sink.rewind()
        self._buf = io.BytesIO(_NOTHING)
        self._plain = deflate.DeflateIO(self._buf, deflate.RAW, WINDOW)
        self._plain.read(1)  # it takes its memory now, while there is some in one piece
        self._buf.seek(0)
        for _ in range(_ROOM // _GROWTH):  # at once, it would be there twice for a moment
            self._buf.write(bytes(_GROWTH))
        self.count = 0
        self._block = 0  # bytes of the bundle in the piece that comes
        self._expect(LINK, self._sha256, b"")

    def _expect(self, count: int, sha256: bytes, rest: bytes) -> None:
        """The next so many bytes are a piece, and have this hash. rest: of the stream before it,
        for nobody has asked for it yet. Where the piece ends, the stream ends."""
        self._left = count
        self._wanted = sha256
        self._rest = rest
        self._hash = hashlib.sha256()
        self._begin = _ROOM - count
        self._seek(self._begin)

    def _seek(self, at: int) -> None:
        if at < 0:
            raise ValueError("too long")
        self._buf.seek(at)

    def _refill(self, data: bytes, at: int) -> None:
        """Into the stream, to be read next. at: byte of the room where it ends."""
        self._seek(at - len(data))
        self._buf.write(data)
        self._seek(at - len(data))

    def write(self, data: bytes) -> None:
        self.count += len(data)
        rest = memoryview(data)
        while len(rest):
            part = rest[: self._left]
            self._hash.update(part)
            self._buf.write(part)
            self._left -= len(part)
            rest = rest[len(part) :]
            if not self._left:
                self._whole()

    def _whole(self) -> None:
        if self._hash.digest()[: len(self._wanted)] != self._wanted:
            raise ValueError("not what was signed")
        self._buf.seek(self._begin)
        link = self._buf.read(LINK)
        self._refill(self._rest, self._begin + LINK)
        self._unpack(self._block)
        self._block = min(BLOCK, self._bundle_size - self._sink.count)
        rest = self._buf.read()
        base = int.from_bytes(link[2:4], "little")
        if base != NO_BASE:
            self._show(base * UNIT + self._offset, rest)
            rest = b""
        self._expect(int.from_bytes(link[:2], "little"), link[4:], rest)

    def _unpack(self, count: int) -> None:
        while count:
            data = self._plain.read(min(count, UNIT))
            if not data:
                raise ValueError("too short")
            self._sink.write(data)
            count -= len(data)

    def _show(self, at: int, rest: bytes) -> None:
        """A block of the running bundle goes through the decoder and is dropped: what follows may
        refer back to it. at: its first byte in the slot."""
        unit = bytearray(UNIT)
        for place in range(at, at + BLOCK, UNIT):
            self._running.readblocks(place // _SECTOR, unit, place % _SECTOR)
            self._refill(rest + _STORED + unit, _ROOM)
            self._plain.read(UNIT)
            rest = b""


async def download(updater, part, sink) -> None:
    """As site.download(): the difference, else the whole packed file, else the bundle itself.
    Raises HttpError, InstallError."""
    boot = updater.boot
    base = hexlify(boot.trailer[4][:8]).decode()
    for suffix in ("." + base + ".packed", ".packed"):
        try:
            found = part.custom["packed"]
            if base in suffix:
                found = found["from"][base]
        except (KeyError, TypeError):
            continue  # there is none
        try:
            packed = Packed(part, suffix, found, sink, boot.slot, boot.trailer[2])
            await updater.site.download(packed, packed)
            return
        except Exception as error:
            updater.say("unpacked", str(error))
            packed = None  # its room may be needed
            sink.rewind()
            if isinstance(error, MemoryError):
                break  # the next takes no less
    await updater.site.download(part, sink)
