"""Where instruments get their prices, as signed data: the set `feeds`.

Format 2 (firmware/SPEC.md, "Recipes"): {"format": 2, "hosts": [...], "providers": {name: recipe},
"instruments": {name: {"title", "exchange", "sigma", "band", "feeds": [[provider, symbol, echo]]}}}.
The app has its instrument's part alone: the entry, with the recipes that it names as "providers".
"""

import json

from seesaw.core import recipe_rules as rules
from seesaw.data.part import FEEDS_MAX, FIELDS, FORMAT, SIZE_MAX, part

SIGMA_MIN, SIGMA_MAX = 0.2, 20  # percent a day; the shipped ones are 0.9 to 5.4
HOSTS_MAX = 24
PROVIDERS_MAX = 24
INSTRUMENTS_MAX = 32
LISTED_MAX = 10  # feeds of an instrument in a set
PART_MAX = 1800  # bytes of a part as JSON without blanks
NAME_MAX = 16  # characters
EXCHANGES = ("XNYS", "XLON", "XETR", "XPAR", "XTKS", "XHKG", "XSHG", "XASX", "XNSE", "24/7")
_SET = ("format", "about", "hosts", "providers", "instruments")


def check(raw: bytes) -> dict:
    """The set. ValueError, with where and which rule, unless all of it is right."""
    try:
        found = json.loads(raw)
    except RuntimeError:  # nested too deep
        found = None
    if type(found) is not dict or type(found.get("format")) is not int or found["format"] != FORMAT:
        raise ValueError("not format 2")
    _need(len(raw) <= SIZE_MAX, "at most %d bytes" % SIZE_MAX)
    _fields(found, _SET, ("about",))
    hosts = found["hosts"]
    _need(type(hosts) is list and 0 < len(hosts) <= HOSTS_MAX, "hosts: 1 to %d" % HOSTS_MAX)
    for host in hosts:
        good = type(host) is str and rules.host_of("https://%s/" % host) == host != ""
        _need(good, "hosts: a name in lower case")
    providers = _named(found["providers"], "providers", PROVIDERS_MAX)
    for name in sorted(providers):
        _within(name, rules.check, providers[name], hosts)
    instruments = _named(found["instruments"], "instruments", INSTRUMENTS_MAX)
    for name in sorted(instruments):
        _within(name, _check_instrument, instruments[name], providers, LISTED_MAX)
        for bases in ((), providers):
            for keys in ((), providers):
                _within(name, check_size, part(found, name, bases, keys, True))
    return found


def check_size(part: dict) -> None:
    """ValueError when a part is longer than the app's heap has room for."""
    size = len(json.dumps(part, separators=(",", ":")))
    _need(size <= PART_MAX, "its part has %d bytes, above %d" % (size, PART_MAX))


def check_part(found: object) -> None:
    """ValueError unless it is a part as part() makes it. The hosts were checked with the set."""
    _need(type(found) is dict, "an object")
    _fields(found, FIELDS + ("providers",), ())
    providers = _named(found["providers"], "providers", FEEDS_MAX)
    for name in providers:
        recipe = providers[name]
        url = recipe.get("url") if type(recipe) is dict else None
        hosts = [rules.host_of(url)] if type(url) is str else []
        stream = recipe.get("stream") if type(recipe) is dict else None
        if type(stream) is dict and type(stream.get("url")) is str:
            hosts.append(stream["url"].partition("://")[2].partition("/")[0].partition(":")[0])
        _within(name, rules.check, recipe, hosts)
    entry = {field: found[field] for field in FIELDS}
    _check_instrument(entry, providers, FEEDS_MAX)


def _need(right: object, rule: str) -> None:
    if not right:
        raise ValueError(rule)


def _within(name: str, call: object, *arguments: object) -> None:
    try:
        call(*arguments)
    except ValueError as error:
        raise ValueError("%s: %s" % (name, error))


def _fields(found: dict, fields: tuple, optional: tuple) -> None:
    for name in found:
        _need(name in fields, "%s: no such field" % name)
    for name in fields:
        _need(name in found or name in optional, name + ": is missing")


def _named(found: object, what: str, most: int) -> dict:
    _need(type(found) is dict and 0 < len(found) <= most, "%s: 1 to %d" % (what, most))
    for name in found:
        good = 0 < len(name) <= NAME_MAX
        for c in name:
            good = good and ("a" <= c <= "z" or "0" <= c <= "9" or c == "-")
        _need(good, "%s: names of a-z, 0-9 and -" % what)
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and type(value) is not bool


def _check_instrument(entry: object, providers: dict, most: int) -> None:
    _need(type(entry) is dict, "an object")
    _fields(entry, FIELDS, ())
    title, band = entry["title"], entry["band"]
    _need(type(title) is str and 0 < len(title) <= 32, "title: text of 1 to 32")
    _need(min(title) >= " " and max(title) <= "~", "title: printable ASCII alone")
    _need(entry["exchange"] in EXCHANGES, "exchange: one of " + " ".join(EXCHANGES))
    good = _is_number(entry["sigma"]) and SIGMA_MIN <= entry["sigma"] <= SIGMA_MAX
    _need(good, "sigma: a number from %s to %s" % (SIGMA_MIN, SIGMA_MAX))
    good = type(band) is list and len(band) == 2 and _is_number(band[0]) and _is_number(band[1])
    _need(good and 0 < band[0] < band[1] <= 1e9, "band: [low, high], above 0")
    feeds = entry["feeds"]
    _need(type(feeds) is list and 0 < len(feeds) <= most, "feeds: 1 to %d" % most)
    for feed in feeds:
        good = type(feed) is list and 2 <= len(feed) <= 3 and type(feed[0]) is str
        _need(good, "feeds: [provider, symbol] or [provider, symbol, echo]")
        _need(feed[0] in providers, "feeds: no provider %s" % feed[0])
        for symbol in feed[1:]:
            rules.check_symbol(symbol)
