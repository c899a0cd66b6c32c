"""A bundle on its way: packed, which is two fifths less to download (SPEC, "Packed bundle").

Blocks are packed one by one and have their hashes in an index, and its hash is signed: nothing is
unpacked that was not vouched for.
"""

import hashlib
import io

from micropython import const

BLOCK = const(8192)  # bytes of the bundle
ENTRY = const(18)  # of the index: length, hash
HASH = const(16)  # bytes of a block's SHA-256 that the index has
WINDOW = const(12)  # bits: 4 KB, as much as unpacking keeps in memory
_PACKED_MAX = const(8256)  # bytes of a block: what does not shrink is stored
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
        self._buf = io.BytesIO()
        self.rewind()

    def rewind(self) -> None:
        self._sink.rewind()
        self.count = 0
        self._index = b""
        self._expect(-(-self._bundle_size // BLOCK) * ENTRY, self._sha256)

    def _expect(self, count: int, sha256: bytes) -> None:
        """The next so many bytes belong together, and have this hash."""
        self._left = count
        self._wanted = sha256
        self._hash = hashlib.sha256()
        self._buf.seek(0)

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
        if self._index:
            self._unpack(min(BLOCK, self._bundle_size - at))
        else:
            self._index = self._buf.getvalue()
        at = self._sink.count // BLOCK * ENTRY
        count = int.from_bytes(self._index[at : at + ENTRY - HASH], "little")
        if count > _PACKED_MAX:
            raise ValueError("too long")
        self._expect(count, self._index[at + ENTRY - HASH : at + ENTRY])

    def _unpack(self, count: int) -> None:
        import deflate

        self._buf.seek(0)
        plain = deflate.DeflateIO(self._buf, deflate.RAW, WINDOW)
        while count:
            data = plain.read(min(count, _CHUNK))
            if not data:
                raise ValueError("too short")
            self._sink.write(data)
            count -= len(data)


async def download(updater, part, sink) -> None:
    """As site.download(). Whatever is wrong with a packed file, the bundle itself is fetched then.
    Raises HttpError, InstallError."""
    if part.custom:
        try:
            packed = Packed(part, sink)
            await updater.site.download(packed, packed)
            return
        except Exception as error:
            updater.say("unpacked", str(error))
            sink.rewind()
    await updater.site.download(part, sink)
