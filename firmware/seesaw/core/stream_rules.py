"""When the stream of a recipe is right: the rules, for whoever takes a set of feeds.

The form is told in stream.py. Nothing in a right stream can name a host that is not listed, add a
line to the request, or make its reader loop or hold more than a message.
"""

from seesaw.core.steps import QUIET_S, steps_of

QUIET_LEAST_S, QUIET_MOST_S = 10, 900
URL_MAX = 256  # characters
SUBSCRIBE_MAX = 400
PATH_MAX = 60
MARK_MAX = 60
PATHS = ("price", "baseline", "change", "percent", "time", "echo")
FIELDS = PATHS + ("url", "subscribe", "is", "error", "as", "quiet_s")


def check(stream: object, hosts: "list | None" = None) -> None:
    """ValueError with the rule unless this is a right stream; hosts: those that it may name."""
    if not isinstance(stream, dict):
        raise ValueError("stream: not an object")
    for name in stream:
        if name not in FIELDS:
            raise ValueError("stream.%s: an unknown field" % name)
    _check_url(stream.get("url"), hosts)
    subscribe = stream.get("subscribe")
    if subscribe is not None:
        _check_text("subscribe", subscribe, SUBSCRIBE_MAX)
    for name in PATHS:
        if name in stream or name == "price":
            _check_path(name, stream.get(name))
    if ("baseline" in stream) + ("change" in stream) + ("percent" in stream) != 1:
        raise ValueError("stream.baseline: one of baseline, change and percent")
    if stream.get("as") not in (("s", "ms", "iso") if "time" in stream else (None,)):
        raise ValueError("stream.as: s, ms or iso with a time, nothing without")
    for name, most in (("is", 2), ("error", 3)):
        if name in stream:
            _check_mark(name, stream[name], most)
    quiet_s = stream.get("quiet_s", QUIET_S)
    if type(quiet_s) is not int or not QUIET_LEAST_S <= quiet_s <= QUIET_MOST_S:
        raise ValueError("stream.quiet_s: %d to %d seconds" % (QUIET_LEAST_S, QUIET_MOST_S))


def _check_text(name: str, text: object, most: int) -> None:
    if not isinstance(text, str) or not 0 < len(text) <= most:
        raise ValueError("stream.%s: a text of 1 to %d characters" % (name, most))
    if min(text) < " " or max(text) > "~":
        raise ValueError("stream.%s: printable ASCII alone" % name)


def _check_url(url: object, hosts: "list | None") -> None:
    _check_text("url", url, URL_MAX)
    scheme, mark, rest = url.partition("://")
    if not mark or scheme not in ("ws", "wss"):
        raise ValueError("stream.url: neither ws nor wss")
    host = rest.partition("/")[0]
    for c in "{}?#@":
        if c in host:
            raise ValueError("stream.url: a host as it stands")
    if hosts is not None and host.partition(":")[0] not in hosts:
        raise ValueError("stream.url: a host that is not listed")


def _check_path(name: str, path: object) -> None:
    _check_text(name, path, PATH_MAX)
    try:
        steps_of(path)
    except ValueError:
        raise ValueError("stream.%s: not a path" % name)


def _check_mark(name: str, mark: object, size: int) -> None:
    if not isinstance(mark, list) or len(mark) != size:
        raise ValueError("stream.%s: a list of %d" % (name, size))
    _check_path(name, mark[0])
    if size == 3:
        _check_path(name, mark[2])
    if size == 2 or mark[1] is not None:
        _check_text(name, mark[1], MARK_MAX)
