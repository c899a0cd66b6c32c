"""The release repository over HTTP: metadata and targets below `update_url` (SPEC, "Trust").

Nothing that comes from here is believed: seesaw.update judges all of it. What the device says of
itself is the query string of each check (SPEC, "Check query"): nothing of the owner's is in it, and
the pseudonym changes every month, so that nobody can follow a device for ever.
"""

import asyncio
import hashlib

from micropython import const

from seesaw.net import http
from seesaw.update.errors import FetchError, InstallError, Missing, Nothing

_FILE_S = const(20)  # deadline of one metadata file, or of a piece of a bundle
_DOWNLOAD_S = const(600)  # of one part
_ATTEMPTS = const(8)  # of one part
_PAUSE_S = const(1)  # between two of them
_MONTH_S = const(2629746)  # a twelfth of a Gregorian year
_VERSION_MAX = const(24)  # characters
_FAILURE_MAX = const(44)  # characters
_PSEUDONYM_SIZE = const(6)  # bytes


class Repository:
    """base: without a "/" at its end, "" for none. opener: port.board's. clock: gives up_s()."""

    def __init__(self, base: str, opener, clock):
        self._base = base
        self._opener = opener
        self._clock = clock
        self._until_s = 0
        self.date = ""  # of the newest answer
        self.query = ""  # what the device says of itself with each check (SPEC, "Check query")

    def begin(self, seconds: int) -> None:
        """All metadata that is fetched from now on has so long together. Raises Nothing."""
        if not self._base:
            raise Nothing("no update server is set")
        self._until_s = self._clock.up_s() + seconds

    async def get(self, url: str, deadline_s: int, max_body: int, **more) -> http.Response:
        """Raises HttpError."""
        return await http.fetch(
            self._base + "/" + url, opener=self._opener, max_body=max_body,
            deadline_s=deadline_s, **more
        )  # fmt: skip

    async def metadata(self, path: str, length_max: int) -> bytes:
        """As update.client wants it. Raises Missing, FetchError."""
        left_s = min(_FILE_S, self._until_s - self._clock.up_s())
        if left_s <= 0:
            raise FetchError(path + ": out of time")
        asked = path + "?" + self.query if self.query and path == "timestamp.json" else path
        try:
            answer = await self.get("metadata/" + asked, left_s, length_max)
        except http.HttpError as error:
            raise FetchError(path + ": " + str(error))
        self.date = answer.headers.get("date", "")
        if answer.status != 200:
            kind = Missing if answer.status in (403, 404) else FetchError
            raise kind("%s: status %d" % (path, answer.status))
        return answer.body

    async def piece(self, part, count: int, sink) -> bool:
        """The first `count` bytes into a sink; False when the server knows no ranges, or not here.

        Raises HttpError.
        """
        last = count - 1
        answer = await self.get(part.url, _FILE_S, count, range_bytes=(0, last), sink=sink)
        return answer.status == 206

    async def download(self, part, sink, deadline_s: int = _DOWNLOAD_S) -> None:
        """A part into a sink (write, count, rewind); goes on where a connection broke off.

        A server that then sends all of it again is refused: the part is fetched from its beginning,
        once. Raises HttpError, and InstallError when the server answers and all of it never comes.
        """
        until_s = self._clock.up_s() + deadline_s
        goes_on = True
        failure = None
        for _ in range(_ATTEMPTS):
            before = sink.count
            failure = None
            try:
                if await self._whole_again(part, sink, until_s - self._clock.up_s()):
                    sink.rewind()
                    goes_on = False
                    continue
            except http.HttpError as error:
                failure = error
            if sink.count == part.size:
                return  # the hash will tell what they are worth
            if failure and not (goes_on and sink.count):
                raise failure
            answered = not failure or failure.kind in (  # which are no network's
                "status", "too_long", "malformed", "encoding",
            )  # fmt: skip
            if answered and not (goes_on and sink.count > before):
                failure = None
                break
            await asyncio.sleep(_PAUSE_S)
        raise failure or InstallError("%d of %d bytes came" % (sink.count, part.size))

    async def _whole_again(self, part, sink, left_s: int) -> bool:
        """Fetch what the sink has not got. True when the server would send what it has, too."""
        at = sink.count
        more = {"range_bytes": (at, part.size - 1)} if at else {}
        if left_s <= 0:
            raise http.HttpError("timeout")
        answer = await self.get(part.url, left_s, part.size, sink=sink, **more)
        if answer.status not in (200, 206 if at else 200):
            raise http.HttpError("status", "%d for %s" % (answer.status, part.url))
        return at > 0 and answer.status == 200


def query(
    version: str, slot: int, action: str, failure: str, device: bytes, bound_s: "int | None",
    market: str = "",
) -> str:  # fmt: skip
    """The query string without its "?", at most 120 characters.

    version: that runs. slot: 0 or 1. action: of plan(). failure: of Record. device: the device's
    id. bound_s: the signed bound of time, seconds since 1970, or None. market: of looks.market().
    """
    who = hashlib.sha256(device + b"\x01%d" % ((bound_s or 0) // _MONTH_S)).digest()
    said = "v=%s&s=%d%s&p=%s" % (
        _plain(version[:_VERSION_MAX]), slot, action[0], who[:_PSEUDONYM_SIZE].hex()
    )  # fmt: skip
    for name, text in (("&f=", failure[:_FAILURE_MAX]), ("&m=", market)):
        if text:
            said += name + _plain(text)
    return said


def _plain(text: str) -> str:
    """What a URL carries as it is; "_" for all else."""
    out = ""
    for c in text:
        out += c if c in ".-," or c < "\x7f" and (c.isalpha() or c.isdigit()) else "_"
    return out
