"""The time of day for the app: when it is first asked for, and when a certificate puts it in doubt.

Most sessions need neither. Who is asked (witnesses.py) is loaded only then.
"""

from micropython import const

_DAY_S = const(86400)


class Timekeeper:
    """clock: of port.board. random: a function, a float in [0, 1). more: for asking.witnesses."""

    def __init__(self, clock: object, random: object, *more: object) -> None:
        self._clock = clock
        self._parts = (clock, random) + more
        self._witnesses = None
        # To the first question: at once when the clock was never set, else drawn from a day. So it
        # is one a day however often sessions begin, and nothing need be remembered of the last one.
        # 0 once the witnesses know when.
        self._due_s = int(_DAY_S * random()) if clock.epoch_s() else 0

    @property
    def said(self) -> str:
        """What the last question came to."""
        return self._asked().said

    def _asked(self) -> object:
        if self._witnesses is None:
            from seesaw.asking import witnesses

            self._witnesses = witnesses(*self._parts)
        return self._witnesses

    async def keep(self, url: str) -> bool:
        """Ask if it is time to; True when the clock was set. url: of a provider. Raises nothing
        that the network brings about."""
        if self._clock.up_s() < self._due_s:
            return False
        self._due_s = 0
        return await self._asked().keep(url)

    async def doubt(self, url: str, why: str) -> bool:
        """A poll of that provider failed, `why` says how. True when its certificate speaks against
        the clock, and the clock was set by the Date of that very server: ask again then."""
        if "certificate" not in why and "clock" not in why:  # the words of net.certificate
            return False
        doubted = await self._asked().doubt(url, why)
        if doubted:
            self._due_s = 0
        return doubted
