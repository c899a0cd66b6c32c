"""One line of an access log: when it was, and what a device said with its check.

Four forms: common and combined (Apache, nginx), CloudFront's tabs, JSON objects (nginx, Caddy,
CloudFront). A line is anybody's: only the request that the server saw counts, never what a header
quotes, and what is not whole is no line.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import unquote

from host_tools.release.query import LENGTH_MAX, Said, parse

PATH = "/metadata/timestamp.json"
MARK = PATH[1:].encode()  # in every line that can be a check; firmware/SPEC.md, "Check query"
EPOCH_MIN, EPOCH_MAX = 1_577_836_800, 4_102_444_800  # 2020 to 2099
CACHED_MAX = 100_000  # minutes, requests and ends that are remembered: they come again and again
REQUEST = re.compile(
    rb"GET (?:/[^ ?]*)?" + re.escape(PATH.encode())
    + rb"(?:\?([!-~]*))? HTTP/[0-9.]{1,3}"
)
END = re.compile(rb' [1-5][0-9]{2} (?:[0-9]+|-)(?: "[^"\\]*(?:\\.[^"\\]*)*"){0,2}(?: .*)?')
STAMP = re.compile(rb"[0-9A-Za-z/]{11}(?::[0-9]{2}){3} [+-][0-9]{4}")
STAMPED = 29  # characters of "[28/Nov/2026:02:49:15 +0000] "
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
FIELDS = "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status" \
         " cs(Referer) cs(User-Agent) cs-uri-query"  # of CloudFront, the first of 33
WANTED = ("date", "time", "cs-method", "cs-uri-stem", "cs-uri-query")
TIMES = ("time", "ts", "timestamp", "@timestamp", "time_iso8601", "time_local", "msec")
METHODS = ("method", "request_method", "cs-method")
TARGETS = ("uri", "request_uri", "url", "path", "cs-uri-stem")
QUERIES = ("query", "query_string", "args", "cs-uri-query")
Value = TypeVar("Value")
Check = tuple[int, Said | None]  # seconds since 1970; None: said by no device


class Lines:
    """Reads lines of one file: a CloudFront file says at its head which columns it has."""

    def __init__(self) -> None:
        self._minutes: dict[bytes, int] = {}
        self._requests: dict[bytes, Said | bool] = {}
        self._ends: dict[bytes, bool] = {}
        self._last = (b"", 0)  # stamp and its time: of many lines in a second
        self._queries: dict[bytes, Said | None] = {}
        self._head(FIELDS)
        self._told = False  # which columns there are

    def _head(self, fields: str) -> None:
        names = fields.split()
        self._columns = [names.index(name) if name in names else -1 for name in WANTED]
        self._width, self._told = len(names), True

    def read(self, line: bytes) -> Check | None:
        """Of a request for the timestamp; None for all else. ValueError for a line that speaks of
        one and is not whole."""
        parts = line.split(b'"', 2)
        head = parts[0]
        if len(parts) == 3 and head[-2:] == b"] " and head.find(b"[") == len(head) - STAMPED:
            return self._common(head[1 - STAMPED : -2], parts[1], parts[2])
        if line[:1] == b"{":
            return self._of_object(line)
        if line[:8] == b"#Fields:":
            self._head(line[8:].decode("ascii", "replace"))
            return None
        if MARK not in line:
            return None
        if b"\t" in line:
            return self._of_columns(line)
        raise ValueError("not whole")

    def _common(self, stamp: bytes, request: bytes, end: bytes) -> Check | None:
        """What stands in quotes behind the request is the client's, and never looked at."""
        try:
            said = self._requests[request]
        except KeyError:
            said = _keep(self._requests, request, _requested(request))
        if said is False:
            return None
        try:
            whole = self._ends[end]
        except KeyError:
            whole = _keep(self._ends, end, END.fullmatch(end) is not None)
        if not whole:
            raise ValueError("no status")
        last, at_s = self._last
        if stamp != last:
            at_s = self.epoch(stamp)
            self._last = stamp, at_s
        return at_s, None if said is True else said

    def epoch(self, stamp: bytes) -> int:
        """Of 28/Nov/2026:02:49:15 +0000. ValueError for what is none."""
        minute = stamp[:17] + stamp[20:]
        start = self._minutes.get(minute)
        if start is None or not stamp[18:20].isdigit():
            if not STAMP.fullmatch(stamp):
                raise ValueError("no time")
            start = _keep(self._minutes, minute, _stamped(stamp[:17].decode(), stamp[21:].decode()))
        return start + int(stamp[18:20])

    def _of_columns(self, line: bytes) -> Check | None:
        cells = line.split(b"\t")
        more = len(cells) - self._width
        if more != 0 if self._told else more < 1:  # cut in the query it would say less
            raise ValueError("other columns")
        if min(self._columns) < 0:
            raise ValueError("a column is missing")
        day, clock, method, path, query = [cells[column] for column in self._columns]
        if method != b"GET" or not path.endswith(PATH.encode()):
            return None
        return self._when(day.decode("ascii"), clock.decode("ascii")), self._said(query)

    def _when(self, day: str, clock: str) -> int:
        """Of 2026-11-28 and 02:49:15, in UTC."""
        if len(clock) != 8 or clock[5] != ":" or not clock[6:].isdecimal():
            raise ValueError("no time")
        minute = (day + "T" + clock[:5]).encode()
        start = self._minutes.get(minute)
        if start is None:
            start = _keep(self._minutes, minute, _iso(f"{day}T{clock[:5]}:00+00:00"))
        return start + int(clock[6:])

    def _said(self, query: bytes) -> Said | None:
        try:
            return self._queries[query]
        except KeyError:
            text = unquote(query[: 3 * LENGTH_MAX + 1].decode("ascii")).removeprefix("?")
            return _keep(self._queries, query, parse(text))

    def _of_object(self, line: bytes) -> Check | None:
        if MARK not in line and MARK not in line.replace(rb"\/", b"/"):
            return None
        try:
            found = json.loads(line)
            inner = found.get("request")
            request = inner if isinstance(inner, dict) else found
            method, target = _asked(inner, request)
            path, _, query = target.partition("?")
            if method != "GET" or not path.endswith(PATH):
                return None
            query = query or str(_first(request, QUERIES) or "")
            when = _first(found, TIMES)
            if "date" in found and isinstance(when, str) and len(when) == 8:  # CloudFront's two
                at_s = self._when(found["date"], when)
            else:
                at_s = self._moment(when)
        except (AttributeError, KeyError, TypeError, RecursionError) as error:
            raise ValueError("not of a known form") from error
        return at_s, self._said(query.encode("ascii"))

    def _moment(self, when: object) -> int:
        """Of seconds (or ms) since 1970, a text in ISO 8601, or a log's own stamp."""
        if isinstance(when, bool) or not isinstance(when, int | float | str):
            raise ValueError("no time")
        if isinstance(when, str) and when.replace(".", "", 1).isdecimal() and when.isascii():
            when = float(when)
        if isinstance(when, str):
            return self.epoch(when.encode()) if "/" in when else _iso(when)
        return _bounded(when / 1000 if when > EPOCH_MAX else when)


def _requested(request: bytes) -> Said | bool:
    """What is said; True: a check that says nothing; False: another request."""
    found = REQUEST.fullmatch(request)
    if found:
        return parse((found[1] or b"").decode()) or True
    if request.startswith(b"GET ") and MARK in request.partition(b"?")[0]:
        raise ValueError("no request")
    return False


def _keep(kept: dict[bytes, Value], name: bytes, value: Value) -> Value:
    if len(kept) >= CACHED_MAX:
        kept.clear()
    kept[name] = value
    return value


def _stamped(minute: str, zone: str) -> int:
    day, month, rest = minute.split("/")
    year, hour, minutes = rest.split(":")
    away = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
    local = datetime(int(year), MONTHS.index(month) + 1, int(day), int(hour), int(minutes))
    found = local.replace(tzinfo=UTC) + (away if zone[0] == "-" else -away)
    return _bounded(found.timestamp())


def _bounded(epoch: float) -> int:
    if not EPOCH_MIN <= epoch < EPOCH_MAX:
        raise ValueError("no time of a log")
    return int(epoch)


def _iso(text: str) -> int:
    found = datetime.fromisoformat(text)
    return _bounded(found.timestamp() if found.tzinfo else found.replace(tzinfo=UTC).timestamp())


def _asked(inner: object, request: dict) -> tuple[str, str]:
    """Method and target: of two names, or of a request line in one."""
    if isinstance(inner, str) and inner.count(" ") == 2:
        method, target, _ = inner.split(" ")
        return method, target
    return str(_first(request, METHODS) or "GET"), str(_first(request, TARGETS) or "")


def _first(found: dict, names: tuple[str, ...]) -> object:
    for name in names:
        if name in found:
            return found[name]
    return None
