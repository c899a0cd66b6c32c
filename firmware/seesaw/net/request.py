"""One HTTP/1.1 request, piece by piece, within limits. Few of its headers are looked at."""

from micropython import const

HEAD_MAX = const(8192)  # bytes of request line and headers: a browser sends about 1000
_LINE_MAX = const(1024)  # bytes of one line
BODY_MAX = const(1024)  # bytes: a name of 32 and a password of 64, each percent-encoded, take 288
_METHODS = ("GET", "HEAD", "POST")
_KEPT = (b"host", b"origin", b"referer", b"content-type")


class Refused(Exception):
    """args[0]: the status to answer with."""


class Request:
    """`ready` once it is whole; then method, path (without its query), headers (those of _KEPT, in
    lower case), body."""

    def __init__(self):
        self.method = self.path = ""
        self.headers = {}
        self.body = b""
        self.ready = False
        self._rest = b""  # what has come and is not read
        self._size = 0  # bytes of the head
        self._length = 0  # of the body
        self._in_body = False

    def take(self, piece: bytes) -> None:
        """Raises Refused."""
        if self.ready:
            return
        self._rest += piece
        while not self._in_body:
            end = self._rest.find(b"\n")
            if (end if end >= 0 else len(self._rest)) > _LINE_MAX:
                raise Refused(431 if self.method else 414)
            if end < 0:
                return
            line = self._rest[:end]
            self._rest = self._rest[end + 1 :]
            self._size += end + 1
            if self._size > HEAD_MAX:
                raise Refused(431)
            self._line(line[:-1] if line.endswith(b"\r") else line)
        if len(self._rest) >= self._length:
            self.body = self._rest[: self._length]
            self._rest = b""
            self.ready = True

    def _line(self, line: bytes) -> None:
        if not self.method:
            if line:  # blank lines before it count for nothing (RFC 9112, 2.2)
                self._begin(line)
        elif line:
            self._header(line)
        else:
            self._in_body = True

    def _begin(self, line: bytes) -> None:
        parts = line.split(b" ")
        if len(parts) != 3 or parts[2][:7] != b"HTTP/1." or not parts[1]:
            raise Refused(400)
        self.path = text(parts[1].split(b"?")[0])
        if self.path[:7].lower() == "http://":  # as to a proxy
            self.path = "/" + "/".join(self.path.split("/")[3:])
        self.method = text(parts[0])
        if self.method not in _METHODS:
            raise Refused(405)

    def _header(self, line: bytes) -> None:
        at = line.find(b":")
        if at < 1:
            raise Refused(400)
        name, value = line[:at].lower(), line[at + 1 :].strip()
        if name in _KEPT:
            key = text(name)
            if key in self.headers:
                raise Refused(400)  # two of one are nobody's honest request
            self.headers[key] = text(value.lower())
        elif name == b"transfer-encoding":
            raise Refused(411)  # no browser sends anything that way
        elif name == b"content-length":
            if not value or [c for c in value if not 48 <= c <= 57]:
                raise Refused(400)
            if len(value) > 9 or int(value) > BODY_MAX:
                raise Refused(413)
            self._length = int(value)


def text(raw: bytes) -> str:
    """A character for each byte, so that no byte is wrong."""
    return "".join([chr(c) for c in raw])
