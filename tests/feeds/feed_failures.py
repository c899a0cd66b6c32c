"""The ways in which feeds have failed, each as a scripted server that any provider can become.

Numbers up to 33 are those of the collected evidence; from 40 on come the further cases that it says
to plan for. A script is asked with the request and the right reply, and gives another.
"""

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from feed_editing import Gone, always, edited, scaled

from host_tools.market.http1 import Reply, Request
from host_tools.market.providers import Provider, Script

HOUR = 3600
Clock = Callable[[], int]
Make = Callable[[type[Provider], Clock], Script]


@dataclass(frozen=True)
class Failure:
    """number, name: of the table. make: its script, anew for each device.

    whose: 'provider' - this one alone, so another can be followed; 'everybody' - the network, so
    none can; 'nobody' - the answer is lawful and must be followed; 'unseen' - nothing in the answer
    tells that it is wrong. why: words of the state line of a device that has no other.
    where: 'answer', or before there is one: 'name' is gone, no 'memory' to connect.
    """

    number: int
    name: str
    whose: str
    make: Make
    why: str = ""
    where: str = "answer"

    @property
    def follows(self) -> bool:
        """Does a device with other providers show the market in spite of it?"""
        return self.whose != "everybody"

    def __str__(self) -> str:
        return f"{self.number}-{self.name}"


def page(text: str, status: int = 200, kind: str = "text/html", **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"Content-Type": kind, **named}, text.encode())


def fixed(*replies: Reply) -> Make:
    """These in turn, over and over."""

    def make(kind: type[Provider], clock: Clock) -> Script:
        asked = [0]

        def script(request: Request, right: Reply) -> Reply:
            asked[0] += 1
            return replies[(asked[0] - 1) % len(replies)]

        return script

    return make


def edits(role: str, *changes: Callable) -> Make:
    """The right answer with this changed in it, the changes in turn."""

    def make(kind: type[Provider], clock: Clock) -> Script:
        asked = [0]

        def script(request: Request, right: Reply) -> Reply:
            asked[0] += 1
            return edited(kind, right, role, changes[(asked[0] - 1) % len(changes)])

        return script

    return make


def both(*makes: Make) -> Make:
    """One after the other on the same answer."""

    def make(kind: type[Provider], clock: Clock) -> Script:
        scripts = [one(kind, clock) for one in makes]

        def script(request: Request, right: Reply) -> Reply:
            for one in scripts:
                right = one(request, right)
            return right

        return script

    return make


def bodies(change: Callable[[bytes], bytes]) -> Make:
    return lambda kind, clock: lambda request, right: replace(right, body=change(right.body))


def fault(name: str) -> Make:
    return lambda kind, clock: lambda request, right: replace(right, fault=name)


def after(count: int, make: Make) -> Make:
    """Right for so many requests first."""

    def made(kind: type[Provider], clock: Clock) -> Script:
        script, asked = make(kind, clock), [0]

        def counted(request: Request, right: Reply) -> Reply:
            asked[0] += 1
            return right if asked[0] <= count else script(request, right)

        return counted

    return made


# -- those that need a few lines -----------------------------------------------------------------


def _frozen(kind: type[Provider], clock: Clock) -> Script:
    """The first answer for ever."""
    kept: list[Reply] = []

    def script(request: Request, right: Reply) -> Reply:
        if not kept:
            kept.append(right)
        return kept[0]

    return script


class Ban:
    """429 with Retry-After; whoever comes back too early is banned with 418 for an hour."""

    WAIT_S = 120

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.free_s = 0
        self.bans = 0

    def __call__(self, request: Request, right: Reply) -> Reply:
        now, early = self.clock(), self.clock() < self.free_s
        wait_s = HOUR if early else self.WAIT_S
        self.bans += early
        self.free_s = now + wait_s
        body = '{"code":-1003,"msg":"Too much request weight used; please use WebSocket"}'
        kind = "application/json"
        return page(body, 418 if early else 429, kind, Retry_After=str(wait_s))


def _quota(kind: type[Provider], clock: Clock) -> Script:
    """25 requests a day."""
    used: dict[int, int] = {}

    def script(request: Request, right: Reply) -> Reply:
        today = clock() // 86400
        used[today] = used.get(today, 0) + 1
        return right if used[today] <= 25 else page("API limit reached", 429, "text/plain")

    return script


def _by_agent(kind: type[Provider], clock: Clock) -> Script:
    """Some words in User-Agent cure it, for three requests."""
    asked = [0]

    def script(request: Request, right: Reply) -> Reply:
        asked[0] += 1
        cured = request.headers.get("user-agent") and asked[0] <= 3
        return right if cured else page("Edge: Too Many Requests", 429, "text/plain")

    return script


def _consent(kind: type[Provider], clock: Clock) -> Script:
    """Away for 20 minutes of every 25, beginning now."""
    began = clock()

    def script(request: Request, right: Reply) -> Reply:
        away = page("", 302, Location="https://consent.example/collectConsent?sessionId=1")
        return right if (clock() - began) % 1500 >= 1200 else away

    return script


def _deprecated(kind: type[Provider], clock: Clock) -> Script:
    """The usual envelope, and in it words instead of data."""

    def script(request: Request, right: Reply) -> Reply:
        if kind.NAME == "tencent":
            return replace(right, body=b'v_usINX="service moved";\n')
        words = {"message": "This version is deprecated, please migrate to v3"}
        envelope = dict.fromkeys(json.loads(right.body), words)
        return replace(right, body=json.dumps(envelope).encode())

    return script


def _doubled(kind: type[Provider], clock: Clock) -> Script:
    """The key of the price is there twice, first with nonsense: no law says which one counts, and
    the first does where nothing is kept."""

    def script(request: Request, right: Reply) -> Reply:
        body = right.body
        for name in kind.FIELDS["price"]:
            key = f'"{name}":'.encode()
            body = body.replace(key, key + b"[]," + key)
        return replace(right, body=body)

    return script


def _framed(kind: type[Provider], clock: Clock) -> Script:
    """Lawful, if seldom: an interim answer, chunks with extensions and a trailer, HTTP/1.0 without
    a length, lines that end in LF alone."""
    asked = [0]

    def script(request: Request, right: Reply) -> Reply:
        body, half = right.body, len(right.body) // 2
        pieces = b"%x;a=b\r\n%s\r\n%X\r\n%s\r\n0\r\nX-Sum: 1\r\n\r\n" % (
            half, body[:half], len(body) - half, body[half:])  # fmt: skip
        ok = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        framings = (
            b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ok + pieces,
            b"HTTP/1.0 200 OK\r\n\r\n" + body,
            b"HTTP/1.1 200\nContent-Length: %d\n\n" % len(body) + body,
        )
        asked[0] += 1
        return Reply(raw=framings[asked[0] % len(framings)])

    return script


def _coded(kind: type[Provider], clock: Clock) -> Script:
    """Compressed though nobody asked, said and unsaid; and chunks that lie."""
    asked = [0]

    def script(request: Request, right: Reply) -> Reply:
        asked[0] += 1
        packed = gzip.compress(right.body, mtime=0)
        return (
            replace(right, body=packed, headers={**right.headers, "Content-Encoding": "gzip"}),
            replace(right, body=packed),
            Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n{}"),
            Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        )[asked[0] % 4]

    return script


def _right(kind: type[Provider], clock: Clock) -> Script:
    return lambda request, right: right


# -- the table -----------------------------------------------------------------------------------

CHALLENGE = page("<!DOCTYPE html><script>var proof=work(0x5f3759df)</script>Checking your browser")
DENIED = page("<HTML><TITLE>Access Denied</TITLE><BODY>Reference #18.2d351</BODY></HTML>")
TOO_MANY = page("Edge: Too Many Requests", 429, "text/plain")
CLOSED = page('{"finance":{"result":null,"error":"Unauthorized"}}', 401, "application/json")
NEEDS_AGENT = page('{"error":"User-Agent is required, with a contact"}', 403, "application/json")
COUNTRY = page('{"code":0,"msg":"Service unavailable from a restricted location"}', 451)
NOTE = page('{"Note":"Thank you for using our API! 5 calls per minute"}', kind="application/json")
INFORMATION = page('{"Information":"We have detected your API key"}', kind="application/json")
PAID = page('{"error":"You don\'t have access to this resource."}', 403, "application/json")
LEGACY = page('{"Error Message":"Legacy Endpoint"}', 403, "application/json")
EMPTY = page("[]", kind="application/json")
XML = page('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', 403, "application/xml")
PORTAL = page("<html><body>Welcome to our hotel! Please accept the terms.</body></html>")
TLS_ALERT = Reply(raw=b"\x15\x03\x03\x00\x02\x02\x30")  # fatal, unknown_ca

PRICELESS = r"no value|not a number|not positive"
NO_TIME = r"no time|not a number|not an ISO time|absurd time|not a date"

FAILURES = (
    Failure(1, "html-challenge", "provider", fixed(CHALLENGE), "not JSON"),
    Failure(2, "access-denied", "provider", fixed(DENIED), "not JSON"),
    Failure(3, "429-at-once", "provider", fixed(TOO_MANY), "status 429"),
    Failure(4, "429-then-any-agent-then-429", "provider", _by_agent, "status 429"),
    Failure(5, "redirect-to-consent", "provider", _consent, "status 302"),
    Failure(6, "error-text-as-value", "provider", edits("price", always("Too Many Requests")),
            PRICELESS),
    Failure(7, "closed-overnight", "provider", fixed(CLOSED, page("", 404)), "status 40[14]"),
    Failure(8, "no-previous-close", "provider", edits("baseline", always(Gone)), PRICELESS),
    Failure(9, "null-price", "provider", edits("price", always(None)), PRICELESS),
    Failure(10, "deprecation-in-the-envelope", "provider", _deprecated, PRICELESS),
    Failure(11, "403-by-agent", "provider", fixed(NEEDS_AGENT), "status 403"),
    Failure(12, "451-by-country", "provider", fixed(COUNTRY), "status 451"),
    Failure(13, "note-then-information", "provider", fixed(NOTE, INFORMATION),
            PRICELESS),
    Failure(14, "daily-quota", "provider", _quota, "status 429"),
    Failure(15, "behind-payment", "provider", fixed(PAID), "status 403"),
    Failure(16, "symbol-means-another", "provider",
            both(edits("price", scaled(0.005)), edits("baseline", scaled(0.005))),
            "outside the band"),
    Failure(17, "legacy-then-empty-list", "provider", fixed(LEGACY, EMPTY),
            "status 403|not JSON"),
    Failure(18, "hangs", "provider", fault("hang"), "timeout"),
    Failure(19, "closed-for-good", "provider", _right, "unreachable", where="name"),
    Failure(20, "no-price-and-zeros", "provider",
            both(edits("price", always(0)), edits("baseline", always(0))), PRICELESS),
    Failure(21, "all-zero-of-2000", "provider",
            both(edits("price", always("0.00")), edits("baseline", always("0.00")),
                 edits("time", always("946684800"))), PRICELESS),
    Failure(22, "frozen-for-hours", "provider", _frozen),
    Failure(23, "baseline-a-day-late", "unseen", edits("baseline", scaled(1.01))),
    Failure(24, "pence-for-pounds", "provider",
            both(edits("price", scaled(100)), edits("baseline", scaled(100))), "outside the band"),
    Failure(25, "milliseconds-or-1970", "provider",
            edits("time", lambda old: scaled(1000)(old) if str(old).isdecimal()
                  else "1970-01-21T18:55:37.000+0000"), NO_TIME),
    Failure(26, "words-for-numbers", "provider",
            edits("price", *map(always, ("UNCH", "NA", "-", "nan", "+0.40%", ""))), PRICELESS),
    Failure(27, "time-in-words", "provider", edits("time", always("5:15 PM EDT")), NO_TIME),
    Failure(28, "bare-nan", "provider", edits("price", always(float("nan"))),
            PRICELESS),
    Failure(29, "xml-error", "provider", fixed(XML), "status 403"),
    Failure(30, "429-then-ban", "provider", lambda kind, clock: Ban(clock), "status 429"),
    Failure(31, "tls-alert", "provider", fixed(TLS_ALERT), "malformed|truncated"),
    Failure(32, "no-memory-to-connect", "everybody", _right, "unreachable", where="memory"),
    Failure(33, "gzip-and-odd-chunks", "provider", _coded,
            "encoding|not JSON|malformed|too_long"),
    Failure(40, "lawful-framings", "nobody", _framed),
    Failure(41, "captive-portal", "everybody", fixed(PORTAL), "not JSON"),
    Failure(42, "key-twice", "provider", _doubled, PRICELESS),
    Failure(43, "endless-body", "provider", fault("endless"), "too_long"),
    Failure(44, "a-byte-at-a-time", "provider", fault("slow"), "timeout"),
    Failure(45, "cut-short", "provider", fault("truncate"), "truncated"),
    Failure(46, "reset", "provider", fault("reset"), "closed|reset"),
    Failure(47, "nested-bomb", "provider", bodies(lambda body: b'{"a":' * 1500 + body),
            "nested too deep|longer than"),
    Failure(48, "price-jumps", "provider", edits("price", scaled(1.9)), "change is above the cap"),
    Failure(49, "time-of-tomorrow", "provider",
            edits("time", lambda old: str(int(old) + 86400) if str(old).isdecimal()
                  else "2026-12-03T09:30:00.000-0500"), "future"),
)  # fmt: skip
