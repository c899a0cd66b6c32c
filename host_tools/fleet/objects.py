"""One line of an access log that is a JSON object (nginx, Caddy, CloudFront): of whatever keys."""

import json
import re
from datetime import UTC, datetime

PATH = "/metadata/timestamp.json"
MARK = PATH[1:]  # in every line that can be a check; firmware/SPEC.md, "Check query"
ESCAPED_MARK = MARK.replace("/", r"\/")  # as some write JSON
EPOCH_MIN, EPOCH_MAX = 1_577_836_800, 4_102_444_800  # 2020 to 2099
STAMP = r"[0-9]{2}/(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)/[0-9]{4}" \
        r"(?::[0-9]{2}){3} [+-][0-9]{4}"  # fmt: skip
STAMP_FORM = "%d/%b/%Y:%H:%M:%S %z"  # 28/Nov/2026:02:49:15 +0000
TIMES = ("time", "ts", "timestamp", "@timestamp", "time_iso8601", "time_local", "msec")
METHODS = ("method", "request_method", "cs-method")
TARGETS = ("uri", "request_uri", "url", "path", "cs-uri-stem")
QUERIES = ("query", "query_string", "args", "cs-uri-query")


def read(line: bytes) -> tuple[int, str] | None:
    """(seconds since 1970, query) of a request for the timestamp; None for all else. ValueError for
    a line that speaks of one and is not whole."""
    try:
        found = json.loads(line)
        inner = found.get("request")
        request = inner if isinstance(inner, dict) else found
        method, target = _asked(inner, request)
        path, _, query = target.partition("?")
        if method != "GET" or not path.endswith(PATH):
            return None
        query = query or str(_first(request, QUERIES) or "")
        query.encode("ascii")
        return _moment(found), query
    except (AttributeError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError("not of a known form") from error


def _moment(found: dict) -> int:
    """Of seconds (or ms) since 1970, a text in ISO 8601, or a log's own stamp."""
    when = _first(found, TIMES)
    if isinstance(when, bool) or not isinstance(when, int | float | str):
        raise ValueError("no time")
    if isinstance(when, str) and "date" in found and len(when) == 8:  # CloudFront's two
        return _bounded(datetime.fromisoformat(f"{found['date']}T{when}+00:00").timestamp())
    if isinstance(when, str) and when.replace(".", "", 1).isdecimal() and when.isascii():
        when = float(when)
    if isinstance(when, str):
        return _bounded(_text(when).timestamp())
    return _bounded(when / 1000 if when > EPOCH_MAX else when)


def _text(when: str) -> datetime:
    if re.fullmatch(STAMP, when):
        return datetime.strptime(when, STAMP_FORM)
    found = datetime.fromisoformat(when)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _bounded(epoch: float) -> int:
    if not EPOCH_MIN <= epoch < EPOCH_MAX:
        raise ValueError("no time of a log")
    return int(epoch)


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
