"""A file that metadata describes: its name on the server, and whether bytes are its own."""

from hashlib import sha256

from seesaw.update.errors import Mismatch

PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-~"


def quote(text: str, safe: str = "") -> str:
    """Percent-encoded UTF-8, as urllib.parse.quote(text, safe): part of a URL, or a file's name."""
    out = ""
    for c in text:
        out += c if c in PLAIN or c in safe else "".join(["%%%02X" % b for b in c.encode()])
    return out


class Target:
    """A target file: path, length (bytes), hashes (algorithm -> hex), custom (a dict)."""

    def __init__(self, path: str, found: dict) -> None:
        self.path = path
        self.length = found["length"]
        self.hashes = found["hashes"]
        self.custom = found.get("custom", {})

    def url(self, consistent: bool) -> str:
        """Relative to the server's targets. consistent: is its name preceded by a hash?

        Raises Mismatch when there is no hash that can be checked.
        """
        folder, slash, name = self.path.rpartition("/")
        if consistent:
            name = self.hashes[_algorithms(self.path, self.hashes)[0]] + "." + name
        return quote(folder + slash + name, "/")


def _algorithms(what: str, hashes: dict) -> list:
    found = [name for name in ("sha256", "sha512") if name in hashes]
    if not found:
        raise Mismatch("%s: no known hash" % what)
    return found


class Checked:
    """A sink before a sink: write(bytes) hands on; finish() tells whether the whole was right.

    what: for messages. length: bytes, or None when unknown. hashes: algorithm -> hex, or None when
    none is given; else those known must all match, and one must be known. Never hands on more than
    length; what went on is not good before finish().
    """

    def __init__(
        self, what: str, length: "int | None", hashes: "dict | None", sink=None, pause=None
    ) -> None:
        self._what = what
        self._length = length
        self._hashes = hashes
        self._sink = sink
        self._count = 0
        names = [] if hashes is None else _algorithms(what, hashes)
        self._running = [(name, _running(name, pause)) for name in names]

    def write(self, data: bytes) -> None:
        """Raises Mismatch at the first byte too many."""
        self._count += len(data)
        if self._length is not None and self._count > self._length:
            raise Mismatch("%s: longer than %d bytes" % (self._what, self._length))
        for _, running in self._running:
            running.update(data)
        if self._sink:
            self._sink.write(data)

    def finish(self) -> None:
        """Raises Mismatch unless length and hashes are as signed. For one call."""
        if self._length not in (None, self._count):
            raise Mismatch("%s: %d of %d bytes" % (self._what, self._count, self._length))
        for name, running in self._running:
            if running.digest().hex() != self._hashes[name]:
                raise Mismatch("%s: another %s" % (self._what, name))


def _running(name: str, pause: object) -> object:
    if name == "sha256":
        return sha256()
    # Only when it is named: working out its constants takes the chip a moment.
    from seesaw.crypto.sha512 import Sha512

    return Sha512(pause)
