"""A recipe: how to ask one provider, and how to read its answer (firmware/SPEC.md, "Recipes").

It is data; what it may say is checked by core/recipe_rules.py, and bound here to one instrument's
symbol. Nothing but BadAnswer ever comes of an answer, whatever its bytes.
"""

from micropython import const

from seesaw.core import quote
from seesaw.core.paths import full, listed, named, tree
from seesaw.core.quote import BadAnswer, Quote
from seesaw.core.scan import Scan, is_word

BODY_MAX = const(65536)  # bytes of an answer that are read at most
NO_VALUES = (b"", b"-", b"--", b"null", b"NA", b"N/A", b"NaN", b"nan", b"None")
_FALSE = const((b"false", b"0"))  # of a failure mark: nothing failed


def escaped(text: str) -> str:
    """Percent-encoded, as a part of a URL."""
    return "".join([chr(c) if is_word(c) or c in b"-._~" else "%%%02X" % c for c in text.encode()])


class Recipe:
    """One provider bound to one instrument. url and headers: what to GET, for http.fetch."""

    def __init__(
        self, name: str, recipe: dict, symbol: str, echo: str = "", base: str = "", key: str = ""
    ) -> None:
        """recipe: one that recipe_rules.check() takes. base: the owner's, in place of scheme and
        host. key: the owner's, for a recipe that asks for one; it goes to no other host than the
        recipe's. ValueError without a base or key that it needs, and for paths that exclude each
        other."""
        self.name = name
        self.rules = recipe
        self._fills = (("{symbol}", symbol), ("{echo}", echo or symbol))
        self.echo = (echo or symbol).encode()
        words = [text.encode() for text in recipe.get("no_value", ())]
        self.no_values = NO_VALUES + tuple(words)
        url = recipe["url"]
        if "key" in recipe:
            if not key or base:
                raise ValueError("needs the owner's key" if not key else "a key for another host")
            url = url.replace("{key}", escaped(key))
        if base or "{base}" in url:
            url = _based(url, base)
        for mark, text in self._fills:
            url = url.replace(mark, escaped(text))
        self.url = url
        self.headers = {}
        for header, text in recipe.get("headers", {}).items():
            self.headers[header] = self._filled(text).replace("{key}", key)
        self.paths, unwaited = named(recipe)
        self._waited = bytes([0 if path in unwaited else 1 for path in self.paths])
        self._is_json = recipe.get("form", "json") == "json"
        whole = [full(recipe, path) for path in self.paths]
        self._tree = tree(whole, self._filled) if self._is_json else None

    def _filled(self, text: str) -> str:
        for mark, value in self._fills:
            text = text.replace(mark, value)
        return text

    def begin(self) -> "Extraction":
        """For one answer."""
        recipe = self.rules
        if self._is_json:
            reader = Scan(self._tree, self._waited)
        else:
            separator = recipe.get("separator", ",").encode()
            mark = self._filled(recipe.get("mark", "")).encode()
            from seesaw.core.delimited import Delimited  # few recipes need it

            reader = Delimited(self.paths, self._waited, separator, mark)
        return Extraction(self, reader)


def _based(url: str, base: str) -> str:
    if not base:
        raise ValueError("needs a base URL")
    if url.startswith("{base}"):
        return base + url[6:]
    end = url.find("/", url.find("://") + 3)
    return base + (url[end:] if end >= 0 else "")


class Extraction:
    """One answer as it comes: a sink of http.fetch. Of it, a Quote."""

    def __init__(self, bound: Recipe, reader: object) -> None:
        self.bound = bound
        self.reader = reader

    def write(self, piece: bytes) -> bool:
        """True when it has seen enough. BadAnswer when it is not of the recipe's form."""
        return self.reader.write(piece)

    def raw(self, path: str) -> "bytes | None":
        """What stands there, None for nothing and for a word that means no value."""
        found = self.reader.found[self.bound.paths.index(path)]
        return None if found is None or found in self.bound.no_values else found

    def quote(self, date_s: int = 0, stored: "float | None" = None, utc_s: object = None) -> Quote:
        """What the answer says; BadAnswer with the rule that refused it, and why.

        date_s: of the answer's Date header, since 1970, 0 without. stored: the last session's close
        as the caller keeps it, 0.0 without. utc_s: a function (local seconds, POSIX TZ string) ->
        UTC seconds for times without a zone, "" standing for the instrument's exchange; it may
        raise ValueError.
        """
        self._marks()
        scale = self._scale()
        price = self._first("price", listed(self.bound.rules["price"]), scale)
        is_open = self._open()
        baseline = self._baseline(price, scale, is_open, stored)
        return Quote(price, baseline, self._time_s(date_s, utc_s), is_open)

    def _marks(self) -> None:
        recipe = self.bound.rules
        for path in recipe.get("bad", ()):
            found = self.raw(path)
            if found is not None and found not in _FALSE:
                raise BadAnswer("bad: the provider reports an error (%s)" % path)
        self.reader.end()
        for row in recipe.get("good", ()):
            found = self.raw(row[0])
            if found is not None and found not in [text.encode() for text in row[1:]]:
                raise BadAnswer("good: %s is not %s" % (row[0], row[1]))
        if self.reader.other():
            raise BadAnswer("echo: another symbol")
        for name in ("echo", "echo_if_there"):
            if name in recipe:
                found = self.raw(recipe[name])
                if found != self.bound.echo and (found is not None or name == "echo"):
                    raise BadAnswer("echo: another symbol")

    def _scale(self) -> float:
        scale = self.bound.rules.get("factor", 1)
        if "shift" in self.bound.rules:
            digits = self.raw(self.bound.rules["shift"])
            if digits is None or len(digits) != 1 or not 0x30 <= digits[0] <= 0x39:
                raise BadAnswer("shift: not a digit")
            scale /= 10 ** int(digits)
        return scale

    def _number(self, path: str) -> "float | None":
        found = self.raw(path)
        if found is None:
            return None
        if max(found) >= 0x80:
            raise BadAnswer("not a number")
        text = found.decode().strip()
        return quote.number(text[:-1] if text[-1:] == "%" else text)

    def _first(self, rule: str, wanted: list, scale: float) -> float:
        for path in wanted:
            try:
                found = self._number(path)
                if found is not None:
                    return quote.positive(found * scale)
            except BadAnswer as error:
                raise BadAnswer("%s: %s" % (rule, error.reason))
        raise BadAnswer("%s: no value" % rule)

    def _baseline(
        self, price: float, scale: float, is_open: "bool | None", stored: float
    ) -> float:
        """By the first way that gives one."""
        why = "base: no value"
        for row in self.bound.rules["base"]:
            try:
                found = self._base(row, price, scale, stored)
                if found is None:
                    continue
                found = quote.positive(found)
                if found == price and not is_open and row[0] == "close":
                    found = quote.positive(price - self._rolled() * scale)
                return found
            except BadAnswer as error:
                why = "base: " + error.reason
        raise BadAnswer(why)

    def _base(self, row: list, price: float, scale: float, stored: float) -> "float | None":
        kind = row[0]
        if kind == "stored":
            return stored or None
        if kind in ("change", "percent"):
            found = self._change(row[1])
            if found is None:
                return None
            if kind == "change":
                return price - found * scale
            if found <= -100:
                raise BadAnswer("an absurd number")
            return price / (1 + found / 100)
        found = self._number(row[1])
        return None if found is None else found * scale

    def _rolled(self) -> float:
        # Out of session the close before may be the last price already; the day's change still
        # tells the one before.
        try:
            return self._change(self.bound.rules["rolled"]) or 0.0
        except (KeyError, BadAnswer):
            return 0.0

    def _change(self, path: str) -> "float | None":
        return 0.0 if self.raw(path) == b"UNCH" else self._number(path)

    def _open(self) -> "bool | None":
        rule = self.bound.rules.get("open")
        if not isinstance(rule, list):
            return rule
        found = self.raw(rule[0])
        if found is None:
            return None
        if found in [word.encode() for word in rule[1]]:
            return True
        return False if rule[2] == "*" or found in [word.encode() for word in rule[2]] else None

    def _time_s(self, date_s: int, utc_s: object) -> int:
        """By the first form that gives one."""
        why = "no value"
        for row in self.bound.rules["time"]:
            try:
                if row[0] == "date":
                    return quote.plausible(date_s)
                found = self.raw(row[1])
                if found is not None:
                    return _time_s(row, found, utc_s)
            except (BadAnswer, ValueError) as error:
                why = str(error)
        raise BadAnswer("time: " + why)


def _time_s(row: list, found: bytes, utc_s: object) -> int:
    if max(found) >= 0x80:
        raise BadAnswer("no time")
    form, text = row[0], found.decode()
    if form == "s":
        return quote.plausible(quote.digits(text))
    if form == "ms":
        quote.digits(text)
        return quote.plausible(quote.digits(text[:-3]))
    if form == "iso":
        return quote.iso_time_s(text)
    local_s, is_date = quote.local_time_s(text)
    if is_date:  # good for a day, in whatever zone
        return local_s
    zone = row[2] if len(row) > 2 else ""
    if not isinstance(zone, str):
        return local_s - 60 * zone
    if utc_s is None:
        raise BadAnswer("the zone is not known")
    return utc_s(local_s, zone)
