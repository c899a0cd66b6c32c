"""What a recipe may say (firmware/SPEC.md, "Recipes"). Each refusal names the rule.

A recipe has no expressions, loops or code: every value is a path, a word out of a list, a number
inside bounds, or text that is put into the request in the one place that is meant for it.
"""

from seesaw.core import path_rules, paths
from seesaw.core.paths import full, listed, named

FORMS = ("json", "csv", "fields")
TIMES = ("s", "ms", "iso", "local", "date")
BASES = ("close", "open", "open24", "change", "percent", "stored")
URL_MAX = 300  # characters
TEXT_MAX = 64
SYMBOL_MAX = 32
ROWS_MAX = 6  # of any list
PATHS_MAX = 16  # different ones of a recipe
ABOUT_MAX = 200
# Headers that are http.fetch's own business, or lead elsewhere.
FORBIDDEN = ("accept-encoding", "connection", "content-length", "cookie", "expect", "host", "range",
             "te", "transfer-encoding", "upgrade")  # fmt: skip


def check(recipe: object, hosts: list) -> None:
    """ValueError with the rule unless it is a recipe, for one of these hosts alone."""
    _need(isinstance(recipe, dict), "recipe", "an object")
    for name in recipe:
        _need(name in _RULES, str(name), "no such field")
    for name in ("url", "price", "base", "time"):
        _need(name in recipe, name, "is missing")
    for name in sorted(recipe):
        _RULES[name](recipe[name], name)
    _check_form(recipe)
    _check_host(recipe, hosts)
    if "stream" in recipe:
        from seesaw.core import stream_rules

        stream_rules.check(recipe["stream"], hosts)
    found, _ = named(recipe)
    _need(len(found) <= PATHS_MAX, "recipe", "at most %d paths" % PATHS_MAX)
    try:
        if recipe.get("form", "json") == "json":
            whole = [full(recipe, path) for path in found]
            for path in whole:
                path_rules.steps(path)
            paths.tree(whole)
    except ValueError as error:
        raise ValueError("path: %s" % error)


def check_symbol(symbol: object) -> None:
    """ValueError unless it can stand in a recipe's place for one."""
    _text(symbol, "symbol", SYMBOL_MAX)
    for c in "{} ":
        _need(c not in symbol, "symbol", "no { } or blank")


def host_of(url: str) -> str:
    """Host, and port if there is one, of a URL template; "" for none that is spelled out."""
    scheme, mark, rest = url.partition("://")
    host = rest.partition("/")[0]
    if not mark or scheme not in ("http", "https") or "/" not in rest:
        return ""
    for c in host:
        if not ("a" <= c <= "z" or "0" <= c <= "9" or c in ".-:"):
            return ""
    return host


def _need(right: object, name: str, rule: str) -> None:
    if not right:
        raise ValueError(name + ": " + rule)


def _text(value: object, name: str, most: int = TEXT_MAX) -> None:
    _need(isinstance(value, str) and 0 < len(value) <= most, name, "text of 1 to %d" % most)
    _need(min(value) >= " " and max(value) <= "~", name, "printable ASCII alone")


def _rows(value: object, name: str, most: int = ROWS_MAX) -> None:
    _need(isinstance(value, list) and 0 < len(value) <= most, name, "a list of 1 to %d" % most)


def _number(value: object, name: str, least: float, most: float) -> None:
    good = isinstance(value, (int, float)) and value is not True and value is not False
    _need(good and least <= value <= most, name, "a number from %s to %s" % (least, most))


def _whole(value: object, name: str, least: int, most: int) -> None:
    good = isinstance(value, int) and value is not True and value is not False
    _need(good and least <= value <= most, name, "a whole number from %d to %d" % (least, most))


def _path(value: object, name: str) -> None:
    _text(value, name, 160)
    try:
        path_rules.steps(value[1:] if value[:1] == "/" else value)
    except ValueError as error:
        raise ValueError("%s: %s" % (name, error))


def _paths(value: object, name: str) -> None:
    if isinstance(value, list):
        _rows(value, name)
    for path in listed(value):
        _path(path, name)


def _url(value: object, name: str) -> None:
    _text(value, name, URL_MAX)
    _need(" " not in value and "#" not in value and "@" not in value, name, "no blank, # or @")
    rest = value
    for mark in ("{symbol}", "{echo}", "{key}"):
        rest = rest.replace(mark, "")
    if rest.startswith("{base}/"):
        rest = rest[6:]
    else:
        _need(host_of(value), name, "http or https, a host spelled out in lower case, a path")
    _need("{" not in rest and "}" not in rest, name, "no other place than {symbol} {echo} {key}")


def _headers(value: object, name: str) -> None:
    _need(isinstance(value, dict) and len(value) <= ROWS_MAX, name, "at most %d" % ROWS_MAX)
    for header in sorted(value):
        _text(header, name, 32)
        for c in header.lower():
            _need("a" <= c <= "z" or "0" <= c <= "9" or c == "-", name, "letters, digits and -")
        _need(header.lower() not in FORBIDDEN, name, header + " is not for a recipe to set")
        _text(value[header], name, 160)


def _base(value: object, name: str) -> None:
    _rows(value, name)
    for row in value:
        _need(isinstance(row, list) and row and row[0] in BASES, name, "one of " + " ".join(BASES))
        _need(len(row) == (1 if row[0] == "stored" else 2), name, row[0] + " and its path")
        for path in row[1:]:
            _path(path, name)


def _time(value: object, name: str) -> None:
    _rows(value, name)
    for row in value:
        _need(isinstance(row, list) and row and row[0] in TIMES, name, "one of " + " ".join(TIMES))
        sizes = {"date": (1,), "local": (2, 3)}.get(row[0], (2,))
        _need(len(row) in sizes, name, row[0] + " and its path")
        for path in row[1:2]:
            _path(path, name)
        for zone in row[2:]:
            if isinstance(zone, str):
                _zone(zone, name)
            else:
                _whole(zone, name, -840, 840)


def _zone(value: str, name: str) -> None:
    _text(value, name, 40)
    for c in value.lower():
        good = "a" <= c <= "z" or "0" <= c <= "9" or c in "<>,./:+-"
        _need(good, name, "minutes east of UTC, or a POSIX TZ string")


def _good(value: object, name: str) -> None:
    _rows(value, name)
    for row in value:
        _rows(row, name)
        _need(len(row) > 1, name, "a path and what may stand there")
        _path(row[0], name)
        for text in row[1:]:
            _text(text, name)


def _bad(value: object, name: str) -> None:
    _rows(value, name)
    _paths(value, name)


def _words(value: object, name: str) -> None:
    _need(isinstance(value, list) and len(value) <= ROWS_MAX, name, "at most %d" % ROWS_MAX)
    for text in value:
        _text(text, name, 24)


def _open(value: object, name: str) -> None:
    if value is True:
        return
    _need(isinstance(value, list) and len(value) == 3, name, "true, or path, words, words")
    _path(value[0], name)
    _words(value[1], name)
    if value[2] != "*":
        _words(value[2], name)


def _form(value: object, name: str) -> None:
    _need(value in FORMS, name, "one of " + " ".join(FORMS))


def _separator(value: object, name: str) -> None:
    _need(isinstance(value, str) and len(value) == 1, name, "one character")
    _need(value == "\t" or (" " <= value <= "~" and value not in '";'), name, 'tab, no " or ;')


def _roots(value: object, name: str) -> None:
    _rows(value, name)
    for root in value:
        _text(root, name, 24)
        for c in root:
            good = "a" <= c <= "z" or "0" <= c <= "9" or c == "-"
            _need(good, name, "names of a-z, 0-9 and -")


def _flag(value: object, name: str) -> None:
    _need(value is True or value is False, name, "true or false")


def _check_form(recipe: dict) -> None:
    form = recipe.get("form", "json")
    _need(("mark" in recipe) == (form == "fields"), "mark", "with form fields, and only there")
    if form == "json":
        _need("separator" not in recipe, "separator", "not with form json")
        return
    _need("within" not in recipe, "within", "with form json alone")
    found, _ = named(recipe)
    for path in found:
        number = 0 < len(path) <= 3 and all("0" <= c <= "9" for c in path) and int(path) < 200
        _need(form == "csv" or number, "path", "a number below 200, with form fields")


def _check_host(recipe: dict, hosts: list) -> None:
    url = recipe["url"]
    host = host_of(url)
    _need(url.startswith("{base}") or host in hosts, "url", "a host of the signed list")
    asks = "{key}" in url
    for text in recipe.get("headers", {}).values():
        asks = asks or "{key}" in text
    _need(asks == ("key" in recipe), "key", "there when {key} is, and only then")
    if asks:
        _need(url.startswith("https://"), "key", "over https alone")
        _need(recipe["key"] == host, "key", "the host of the URL: no other gets it")


_RULES = {
    "about": lambda value, name: _text(value, name, ABOUT_MAX),
    "url": _url,
    "headers": _headers,
    "form": _form,
    "separator": _separator,
    "mark": _text,
    "within": _path,
    "price": _paths,
    "base": _base,
    "rolled": _path,
    "time": _time,
    "echo": _path,
    "echo_if_there": _path,
    "good": _good,
    "bad": _bad,
    "open": _open,
    "no_value": _words,
    "factor": lambda value, name: _number(value, name, 1e-6, 1e6),
    "shift": _path,
    "delay_s": lambda value, name: _whole(value, name, 0, 86400),
    "poll_s": lambda value, name: _whole(value, name, 1, 86400),
    "proxy": _flag,
    "roots": _roots,
    "tolerance": lambda value, name: _number(value, name, 0, 10),
    "key": _text,
    "stream": lambda value, name: None,  # of stream_rules
}
