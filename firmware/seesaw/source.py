"""One provider of an instrument, as the feed asks it: the thin shell over its recipe.

The recipe is bound for each answer and dropped after it: five of them at once would take as much
heap as the rest of the feed.
"""

from seesaw.core import httpdate, quote
from seesaw.net import http

DEADLINE_S = 15  # of a whole exchange
POLL_S = 60


class Source:
    """name, delay_s, poll_s, proxy and tolerance are the recipe's (firmware/SPEC.md,
    "Recipes"): how old its quotes are by agreement, how often to ask at most, whether it is not the
    instrument itself but a fund that follows it, percent that it may differ from the others.

    retry_s: what the last answer's Retry-After asked for; date_s: its Date, seconds since 1970; 0
    for none. stored: gives the close that is the baseline at a moment, 0.0 for none; None where
    nobody keeps it.
    """

    def __init__(
        self, feed: list, rules: dict, opener: object, base: str = "", key: str = "",
        zones: object = (),
    ) -> None:  # fmt: skip
        """feed: [provider, symbol] or [provider, symbol, echo] of a part, rules: that provider's
        recipe, which was checked. opener: of http.fetch. base, key: the owner's, "" for none.
        zones: by its text each time zone that the recipe's times may be in, "" for the exchange's;
        None for what is not known."""
        self.name = feed[0]
        self.delay_s = rules.get("delay_s", 0)
        # What spares a provider's server is no matter of the owner's own.
        self.poll_s = 0 if base else rules.get("poll_s", POLL_S)
        self.proxy = rules.get("proxy", False)
        self.tolerance = rules.get("tolerance", 0.5)
        self.retry_s = self.date_s = 0
        self.stored = None
        self.why = ""  # the last exchange failed
        # scheme and host, for a Date
        self.home = base or "/".join(rules["url"].split("/")[:3])
        self._opener = opener
        self._zones = zones or {}
        self._bound = (feed[0], rules, feed[1], feed[2] if len(feed) > 2 else "", base, key)

    def stream(self) -> tuple:
        """(its recipe's stream, symbol, echo, the owner's base); the first is None without one."""
        _, rules, symbol, echo, base, _ = self._bound
        return rules.get("stream"), symbol, echo, base

    async def ask(self, now_s: int = 0) -> quote.Quote:
        """Ask once. Raises HttpError, and BadAnswer for whatever is no quote."""
        from seesaw.core.recipe import BODY_MAX, Recipe  # when the app was made: see App.run

        self.retry_s = self.date_s = 0
        self.why = ""
        try:
            recipe = Recipe(*self._bound)
        except ValueError as error:
            raise quote.BadAnswer(str(error))
        made = recipe.begin()
        try:
            answer = await http.fetch(
                recipe.url, opener=self._opener, max_body=BODY_MAX, deadline_s=DEADLINE_S,
                headers=recipe.headers, sink=made,
            )  # fmt: skip
        except http.HttpError as error:
            self.why = str(error)
            raise
        told = answer.headers.get
        self.date_s = httpdate.time_s(told("date", ""))
        self.retry_s = httpdate.retry_after_s(told("retry-after", ""), self.date_s)
        if answer.status != 200:
            raise quote.BadAnswer("status %d" % answer.status)
        return made.quote(self.date_s, self.stored and self.stored(now_s), self._utc_s)

    def _utc_s(self, local_s: int, tz: str) -> int:
        """As for Extraction.quote."""
        zone = self._zones.get(tz)
        if zone is None:
            raise ValueError("the zone is not known")
        return zone.utc_s(local_s)
