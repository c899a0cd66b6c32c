"""The time of day: asked of two NTP servers, else of the Date of a provider.

TLS cannot tell a good certificate from an expired one without it, and an ESP32 begins at the year
2000. What is set here serves certificates and market hours. Trust in updates has its own bound,
which comes from what is signed (SPEC, "Trust").
"""

from io import BytesIO

from micropython import const

from seesaw.core import clock_policy as policy
from seesaw.core import httpdate
from seesaw.net import certificate, http, ntp
from seesaw.net.url import split

SERVERS = "time.cloudflare.com time.google.com"  # of two operators
_ASK_S = const(2)  # for an answer of one server
_DATE_S = const(10)  # for an answer of a provider, whose Date is all that is wanted


class Witnesses:
    """Who is asked for the time; timekeeping.py loads it when there is a question.

    clock: of port.board. set_clock: of port.rtc. udp: port.udp. plain: port.board's opener,
    which verifies nothing. servers: "host" or "host:port", two at most, a blank between; "" for
    SERVERS. least_s: a time that has passed."""

    def __init__(self, clock, set_clock, random, udp, plain, servers, least_s: int):
        self._clock = clock
        self._random = random
        self._set_clock = set_clock
        self._udp = udp
        self._plain = plain
        self._servers = (servers or SERVERS).split(" ")[:2]
        self._least_s = least_s
        self._due_s = 0
        self._failures = 0
        self._doubted_s = None
        self.said = ""  # what the last question came to

    async def keep(self, url: str) -> bool:
        """Ask if it is time to; True when the clock was set. url: of a provider. Raises nothing
        that the network brings about."""
        if self._clock.up_s() < self._due_s:
            return False
        told = [time_s - self._clock.up_s() for time_s in await self._servers_say()]
        by_ntp = len(told)
        if by_ntp < 2:
            date_s = await self.date(url)
            told += [date_s - self._clock.up_s()] if date_s else []
        up_s = self._clock.up_s()
        told = [time_s + up_s for time_s in told]
        found_s, sure = policy.choose(self._clock.epoch_s(), told, self._least_s)
        self._failures = 0 if told else self._failures + 1
        self._due_s = up_s + policy.next_s(sure, self._failures, self._random)
        if told:
            words = "agreed" if sure else "unsure" if found_s else "no agreement"
            self.said = "%s, ntp %d of %d" % (words, by_ntp, len(told))
        return self._set(found_s)

    async def doubt(self, url: str, why: str) -> bool:
        """A poll of that provider failed, `why` says how. True when its certificate speaks against
        the clock, and the clock was set by the Date of that very server: ask again then."""
        up_s = self._clock.up_s()
        since_s = None if self._doubted_s is None else up_s - self._doubted_s
        if not certificate.of_the_clock(why) or not policy.doubtful(since_s):
            return False
        self._doubted_s = up_s
        date_s = await self.date(url)
        if not self._least_s <= date_s < ntp.YEAR_2100_S:
            return False
        if policy.near(date_s, self._clock.epoch_s()):
            return False  # the certificate is to blame
        self._due_s = self._clock.up_s() + policy.next_s(False, 0, self._random)
        self.said = "in doubt, by Date"
        return self._set(date_s)

    async def date(self, url: str) -> int:
        """What a provider's server says that it is, seconds since 1970; 0 when it does not.

        Of its root page: over a connection that proves nothing, no key and no question is sent,
        and nothing but the Date is taken from what comes.
        """
        try:
            tls, host, port, _ = split(url)
            base = "%s://%s:%d/" % ("https" if tls else "http", host, port)
            answer = await http.fetch(
                base, opener=self._plain, max_body=1, deadline_s=_DATE_S, range_bytes=(0, 0),
                sink=BytesIO(),
            )  # fmt: skip
            return httpdate.time_s(answer.headers.get("date", ""))
        except (ValueError, http.HttpError):
            return 0

    async def _servers_say(self) -> list:
        """Times from those that answer, each as of when all have been asked."""
        told = []
        for server in self._servers[:]:
            try:
                found_s = await self._server_says(server)
            except ntp.BadTime as error:
                self.said = server + ": " + str(error)
                if error.kiss:  # it wants to be left alone: for this session
                    self._servers.remove(server)
            except (OSError, ValueError, OverflowError) as error:  # of the network; of the setting
                self.said = server + ": " + str(error)
            else:
                told.append(found_s - self._clock.up_s())
        return [time_s + self._clock.up_s() for time_s in told]

    async def _server_says(self, server: str) -> int:
        """Raises OSError, BadTime."""
        host, _, port = server.partition(":")
        nonce = self._udp.nonce(ntp.NONCE_SIZE)
        answer = await self._udp.ask(
            host, int(port or ntp.PORT), ntp.request(nonce), lambda data: data[24:32] == nonce,
            _ASK_S,
        )  # fmt: skip
        if not answer:
            raise ntp.BadTime("silent")
        return ntp.time_s(answer, nonce, self._least_s)

    def _set(self, found_s: int) -> bool:
        if found_s:
            self._set_clock(found_s)
        return found_s != 0
