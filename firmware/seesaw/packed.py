"""A bundle on its way: packed, which is two fifths less to download (SPEC, "Packed bundle").

It is one packed stream in blocks, each with its hash in an index, and the hash of that is signed:
nothing is unpacked that was not vouched for.
"""

import hashlib
import io

from micropython import const

BLOCK = const(4096)  # bytes of the bundle
ENTRY = const(18)  # of the index: length, hash
HASH = const(16)  # bytes of a block's SHA-256 that the index has
WINDOW = const(12)  # bits: 4 KB, as much as unpacking keeps in memory
_ROOM = const(4224)  # bytes, of a packed block or of the index: what does not shrink is stored
_CHUNK = const(512)  # bytes


class Packed:
    """In place of a bundle: what is fetched (url, size), and a sink for it (write, count, rewind).

    part: update.install.Part of the bundle, with the `custom` of its target. sink: takes the
    bundle. Whatever is wrong raises.
    """

    def __init__(self, part, sink):
        found = part.custom["packed"]
        self.url = part.url + ".packed"
        self.size = found["length"]
        self._sha256 = bytes.fromhex(found["sha256"])
        self._bundle_size = part.size
        self._sink = sink
        self.rewind()

    def rewind(self) -> None:
        import deflate

        self._sink.rewind()
        self._buf = io.BytesIO(bytes(_ROOM))
        self._plain = deflate.DeflateIO(self._buf, deflate.RAW, WINDOW)
        self.count = 0
        self._index = b""
        self._expect(-(-self._bundle_size // BLOCK) * ENTRY, self._sha256, b"")

    def _expect(self, count: int, sha256: bytes, rest: bytes) -> None:
        """The next so many bytes belong together, and have this hash. rest: of the block before,
        for nobody has asked for it yet. Where they end, the stream ends."""
        self._left = count
        self._wanted = sha256
        self._hash = hashlib.sha256()
        self._begin = _ROOM - count - len(rest)
        if self._begin < 0:
            raise ValueError("too long")
        self._buf.seek(self._begin)
        self._buf.write(rest)

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
                self._whole(self._sink.count)

    def _whole(self, at: int) -> None:
        """at: bytes of the bundle before this block."""
        if self._hash.digest()[: len(self._wanted)] != self._wanted:
            raise ValueError("not what was signed")
        self._buf.seek(self._begin)
        if self._index:
            self._unpack(min(BLOCK, self._bundle_size - at))
        else:
            self._index = self._buf.read()
        at = self._sink.count // BLOCK * ENTRY
        count = int.from_bytes(self._index[at : at + ENTRY - HASH], "little")
        wanted = self._index[at + ENTRY - HASH : at + ENTRY]
        self._expect(count, wanted, self._buf.read())

    def _unpack(self, count: int) -> None:
        while count:
            data = self._plain.read(min(count, _CHUNK))
            if not data:
                raise ValueError("too short")
            self._sink.write(data)
            count -= len(data)


async def download(updater, part, sink) -> None:
    """As site.download(). Whatever is wrong with a packed file, the bundle itself is fetched then.
    Raises HttpError, InstallError."""
    if type(part.custom) is dict and "packed" in part.custom:
        try:
            packed = Packed(part, sink)
            await updater.site.download(packed, packed)
            return
        except Exception as error:
            updater.say("unpacked", str(error))
            sink.rewind()
    await updater.site.download(part, sink)
