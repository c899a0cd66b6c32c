"""The pure parts of set-up: whatever bytes come, they answer or refuse, and never raise else."""

import struct
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seesaw import typed
from seesaw.button import LONG_MS, LOOK_MS, Button
from seesaw.net import form
from seesaw.net.request import BODY_MAX, HEAD_MAX, Refused, Request
from seesaw.setup import credentials, dns, improv, pages, probe, scan, secret, states, words

HOME = bytes((192, 168, 4, 1))
A, AAAA, HTTPS, ANY = 1, 28, 65, 255


def question(name: str, kind: int = A, of: int = 1, more: bytes = b"") -> bytes:
    labels = b"".join(bytes((len(p),)) + p.encode() for p in name.split(".") if p) + b"\0"
    head = struct.pack(">HHHHHH", 0xBEEF, 0x0100, 1, 0, 0, 1 if more else 0)
    return head + labels + struct.pack(">HH", kind, of) + more


# -- DNS ---------------------------------------------------------------------------------------


def test_an_answer_to_the_byte() -> None:
    """RFC 1035, 4.1: response, authoritative, recursion as asked and available; one A record."""
    asked = bytes.fromhex("1234 0100 0001 0000 0000 0000") + b"\5apple\3com\0\0\1\0\1"
    assert dns.answer(asked, HOME) == (
        bytes.fromhex("1234 8580 0001 0001 0000 0000") + b"\5apple\3com\0\0\1\0\1"
        + bytes.fromhex("c00c 0001 0001 0000000a 0004 c0a80401")
    )  # fmt: skip


@pytest.mark.parametrize(("kind", "found"), [(A, 1), (ANY, 1), (AAAA, 0), (HTTPS, 0), (16, 0)])
def test_other_types_are_empty_and_no_error(kind: int, found: int) -> None:
    opt = b"\0" + struct.pack(">HHIH", 41, 1232, 0, 0)  # EDNS, as modern resolvers send it
    for asked in (question("a.b", kind), question("a.b", kind, more=opt)):
        reply = dns.answer(asked, HOME)
        assert reply is not None
        assert struct.unpack_from(">HHHHHH", reply)[1:] == (0x8580, 1, found, 0, 0)
        assert reply[12 : 12 + 5 + 4] == asked[12 : 12 + 5 + 4]


def test_no_question_gets_no_answer() -> None:
    good = question("www.example.com")
    assert dns.answer(good, HOME)
    wrong = [
        b"", good[:12], good[:-1], good[:2] + b"\x81" + good[3:], good[:2] + b"\x29" + good[3:],
        good[:4] + b"\0\0" + good[6:], good[:4] + b"\0\2" + good[6:],
        good[:12] + b"\xc0\x0c" + good[14:], good[:12] + b"\x40" + good[13:], good + bytes(512),
        good[:12] + b"\x3f" * 300,
    ]  # fmt: skip
    for query in wrong:
        assert dns.answer(query, HOME) is None, query


@given(st.one_of(st.binary(max_size=600), st.binary(max_size=60).map(lambda e: b"\0\1\1\0\0\1" + e),
                 st.builds(lambda at, c: question("a.bc.d")[:at] + c + question("a.bc.d")[at:],
                           st.integers(0, 24), st.binary(max_size=3))))  # fmt: skip
def test_any_datagram(query: bytes) -> None:
    reply = dns.answer(query, HOME)
    assert reply is None or (reply[:2] == query[:2] and reply[2] & 0x80 and len(reply) <= 528)


# -- HTTP --------------------------------------------------------------------------------------


def read(raw: bytes, size: int = 4096) -> Request:
    request = Request()
    for at in range(0, len(raw), size):
        request.take(raw[at : at + size])
    return request


POST = b"POST /save?x=1 HTTP/1.1\r\nHost: A.b:80\r\nContent-Length: 5\r\nCookie: c\r\n\r\na=b+c"


@given(st.integers(1, 90))
def test_a_request_in_pieces_of_any_size(size: int) -> None:
    found = read(POST, size)
    assert (found.ready, found.method, found.path) == (True, "POST", "/save")
    assert found.headers == {"host": "a.b:80"}
    assert found.body == b"a=b+c"
    assert not read(POST[:-1], size).ready


def test_what_browsers_differ_in() -> None:
    assert read(b"\r\nGET /a HTTP/1.0\n\n").path == "/a"
    assert read(b"GET http://apple.com/a/b?c HTTP/1.1\r\nHost:x\r\n\r\n").path == "/a/b"
    assert read(b"HEAD / HTTP/1.1\r\n\r\n").ready


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"GET\r\n", 400), (b"GET / HTTP/1.1 x\r\n", 400), (b"GET / SPDY/3\r\n", 400),
        (b"\x16\x03\x01\x02\0\1\0\1\xfc\3\3\n", 400), (b"PUT / HTTP/1.1\r\n", 405),
        (b"GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n", 400), (b"GET / HTTP/1.1\r\n: x\r\n", 400),
        (b"GET /" + b"a" * 2000, 414), (b"GET / HTTP/1.1\r\nA: " + b"a" * 2000, 431),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * HEAD_MAX, 431),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", 411),
        (b"POST / HTTP/1.1\r\nContent-Length: 1e3\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: \r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: %d\r\n" % (BODY_MAX + 1), 413),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 400 + b"\r\n", 413),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 7, 256])
def test_what_is_refused(raw: bytes, code: int, size: int) -> None:
    with pytest.raises(Refused) as refused:
        read(raw, size)
    assert refused.value.args == (code,)


@given(st.lists(st.one_of(st.binary(max_size=300), st.sampled_from([
    b"GET / HTTP/1.1\r\n", b"POST /save HTTP/1.1\r\n", b"Host: x\r\n", b"\r\n\r\n",
    b"Content-Length: 9\r\n", b"\n"])), max_size=12))  # fmt: skip
def test_any_bytes_are_a_request_or_refused(pieces: list[bytes]) -> None:
    request = Request()
    try:
        for piece in pieces:
            request.take(piece)
            assert len(request._rest) <= 1024 + 300 + BODY_MAX
    except Refused as refused:
        assert refused.args[0] in (400, 405, 411, 413, 414, 431)


# -- forms -------------------------------------------------------------------------------------


@given(st.dictionaries(st.text("abcxyz_", min_size=1, max_size=8), st.text(max_size=40),
                       max_size=8))  # fmt: skip
def test_a_form_comes_back_as_it_was_typed(typed: dict[str, str]) -> None:
    found = form.fields(urllib.parse.urlencode(typed).encode())
    assert {name: value.decode() for name, value in found.items()} == typed


@given(st.binary(max_size=300))
def test_any_body_is_a_form(body: bytes) -> None:
    assert len(form.fields(body)) <= 8
    escaped = urllib.parse.quote_from_bytes(body).encode()
    assert form.decoded(escaped) == body


def test_a_percent_that_is_none_stays() -> None:
    assert form.decoded(b"100%+%zz%4%41%2b") == b"100% %zz%4A+"


@given(st.binary(min_size=1, max_size=32), st.text(min_size=8, max_size=15))
def test_names_and_passwords_survive_the_settings(ssid: bytes, password: str) -> None:
    from seesaw import config

    blob = b'{"instrument": "dax", "future": [1]}'
    made = credentials.merged(blob, ssid, password.encode())
    found = config.parse(made)
    name = found["ssid"]
    assert (name.encode() if isinstance(name, str) else name) == ssid
    assert found["password"] == password and found["instrument"] == "dax" and b"future" in made
    again = config.parse(credentials.merged(made, b"plain", b""))
    assert (again["ssid"], again["password"], again["ssid_hex"]) == ("plain", "", "")


@pytest.mark.parametrize("blob", [b"", b"{", b"[1]", b"\xff", b'{"ssid_hex": "0"}'])
def test_spoilt_settings_are_replaced(blob: bytes) -> None:
    from seesaw import config

    config.parse(blob)
    assert config.parse(credentials.merged(blob, b"net", b""))["ssid"] == "net"


@pytest.mark.parametrize(
    ("ssid", "password", "good"),
    [(b"a", b"", True), (b"", b"", False), (b"a" * 32, b"b" * 8, True), (b"a" * 33, b"", False)]
    + [(b"a", b"0" * size, size == 0 or 8 <= size <= 64) for size in range(70)]
    + [(b"a", b"x" * 64, False), (b"a", b"\xff" * 8, False)],
)
def test_lengths_of_names_and_passwords(ssid: bytes, password: bytes, good: bool) -> None:
    assert (credentials.wrong(ssid, password) == "") == good


# -- pages and words ---------------------------------------------------------------------------


@given(st.lists(st.binary(min_size=1, max_size=32), max_size=5), st.binary(max_size=32))
def test_no_name_of_a_network_breaks_the_page(networks: list[bytes], chosen: bytes) -> None:
    listed = [(name, -60, False) for name in networks]
    page = "".join(pages.form("<&>", listed, chosen, "mac", "v"))
    assert page.count("<label>") == len({*networks, chosen} - {b""}) - (
        len(set(networks)) - len(networks)) + 1  # fmt: skip
    assert page.encode() and "&lt;&amp;&gt;" in page


def test_a_page_is_small_and_asks_for_nothing_else() -> None:
    page = "".join(pages.form("", [(b"n" * 32, -50, True)] * 20, b"", "m", "v"))
    assert len(page) < 24 * 1024
    for word in ("<script", "http:", "https:", "src=", "@import", "url("):
        assert word not in page


def test_the_list_is_sorted_and_each_name_once() -> None:
    found = ((b"a", -80, 3), (b"b", -50, 0), (b"", -1, 3), (b"a", -60, 3), (b"own", -1, 3))
    rows = [(name, bytes(6), 1, dbm, kind, False) for name, dbm, kind in found]
    assert scan.listed(rows, "own") == [(b"b", -50, True), (b"a", -60, False)]
    many = [(b"%d" % n, b"", 1, -n, 3, False) for n in range(40)]
    assert len(scan.listed(many, "own")) == scan.LIST_MAX


def test_reasons_of_the_driver_in_words() -> None:
    told = {word: [n for n in range(256) if words.of_status(n) == word] for word in words.WORDS}
    assert told[words.PASSWORD] == [2, 15, 202, 204, 205] and told[words.NO_SUCH] == [201]
    assert {210, 211, 212, 203, 200} <= set(told[words.WEAK])
    assert words.of_status(1001) == words.NO_ADDRESS


def test_a_login_page_is_anything_but_the_known_page() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n"
    assert probe.verdict(head + b"success\n") == "good"
    assert probe.verdict(b"") == "offline"
    for raw in (head + b"<html>success</html>", b"HTTP/1.1 302 Found\r\nLocation: x\r\n\r\n",
                b"HTTP/1.1 511 Network Authentication Required\r\n\r\nsuccess", b"x"):  # fmt: skip
        assert probe.verdict(raw) == "login page"


def test_the_password_is_the_devices_own() -> None:
    made = {secret.password(bytes((n,) * 6), bytes((m,) * 16)) for n in range(9) for m in range(9)}
    assert len(made) == 81 and all(len(one) == 10 and one.isalnum() for one in made)
    assert secret.password(b"abcdef", bytes(16)) == secret.password(b"abcdef", bytes(16))


# -- the state machine -------------------------------------------------------------------------


def test_from_every_state_there_is_a_way_out() -> None:
    ways = states.TABLE.items()
    after = {state: {to for (at, _), (to, _) in ways if at == state} for (state, _), _ in ways}
    assert {*after} == {states.OPEN, states.SAVED, states.NEW, states.CHECK, states.DONE}
    for state in after:
        seen, reach = {state}, [state]
        while reach:
            for to in after.get(reach.pop(), ()):
                if to not in seen:
                    seen.add(to)
                    reach.append(to)
        assert states.GONE in seen
    saves = [key for key, (_, action) in states.TABLE.items() if action == "save"]
    assert saves == [(states.CHECK, "good")]  # nothing is stored before it has worked


@pytest.mark.parametrize("reason", states.OPEN_S)
def test_how_long_it_is_open(reason: str) -> None:
    silence = states.OPEN_S[reason]
    assert not states.over(reason, silence - 1, silence - 1) and states.over(reason, 9e9, silence)
    assert states.over(reason, 3600, 0) == (reason != "never")
    assert silence < 93_600 - 3600  # the launcher's deadline for an updater


def test_who_has_no_network_has_never_had_one() -> None:
    assert [states.why(*of) for of in ((0, ""), (1, ""), (0, "a"), (1, "a"), (0, b"\xff"))] == [
        "never", "never", "lost", "asked", "lost"]  # fmt: skip


# -- the button --------------------------------------------------------------------------------


def presses(*levels: tuple[bool, int]) -> list[str]:
    button = Button()
    return [what for down, looks in levels for _ in range(looks) if (what := button.look(down))]


def test_short_and_long() -> None:
    long = LONG_MS // LOOK_MS
    up, down = (False, 5), (True, long)
    assert presses(up, (True, 3), up) == ["short"]
    assert presses(up, down, down, up) == ["long"]
    assert presses(up, (True, long - 1), up, (True, 1), up) == ["short"]  # a bounce is none
    assert presses(down, down, up, down) == ["long"]  # it was down from the start


# -- Improv ------------------------------------------------------------------------------------


def rpc(command: int, data: bytes = b"") -> bytes:
    made = b"IMPROV\x01\x03" + bytes((len(data) + 2, command, len(data))) + data
    return made + bytes((sum(made) & 255,))


def test_improv_to_the_byte() -> None:
    """From the specification's layout: header, version, type, length, data, checksum."""
    assert improv.state(improv.READY) == b"IMPROV\x01\x01\x01\x02\xe2\n"
    assert improv.error(3) == b"IMPROV\x01\x02\x01\x03\xe4\n"
    made = improv.result(3, (b"seesaw", b"1"))
    assert made[:-2] == b"IMPROV\x01\x04\x0b\x03\x09\x06seesaw\x011"
    assert made[-2] == sum(made[:-2]) & 255
    data = b"\x04home\x08password"
    assert improv.command(rpc(1, data)) == (1, data)
    assert improv.wifi(data) == (b"home", b"password")
    url = b"\x0fhttp://10.0.0.2"
    made = b"IMPROV\x01\x04\x12\x02\x10" + url
    found = improv.told(improv.PROVISIONED, "http://10.0.0.2")
    assert found == improv.state(4) + made + bytes((sum(made) & 255, 10))
    assert improv.told(improv.READY, "http://10.0.0.2") == improv.state(2)
    assert improv.networks([(b"caf\xe9", -70, True)]) == (
        improv.result(4, (b"caf\xe9", b"-70", b"NO")) + improv.result(4)
    )


def split(raw: bytes, size: int = 1 << 10) -> list[object]:
    """What comes of these bytes in pieces: lines, and the commands of packets."""
    made, found = typed.Split(), []
    for at in range(0, len(raw), size):
        for one in made.take(raw[at : at + size], 0):
            found.append(one if isinstance(one, str) else improv.command(one))
    return found


def quiet(noise: bytes) -> bytes:
    """Without what begins a packet, ends a line, or leads to the prompt."""
    return noise.translate(None, b"I\n\r\x03")


@given(st.binary(max_size=20), st.integers(1, 5), st.integers(0, 255), st.binary(max_size=250))
def test_commands_between_anything(noise: bytes, size: int, number: int, data: bytes) -> None:
    raw = quiet(noise) + rpc(number, data) + b"\r\n" + rpc(2)
    assert [one for one in split(raw, size) if not isinstance(one, str)] == [
        (number, data), (2, b"")
    ]  # fmt: skip


@given(st.lists(st.sampled_from(["status", "I", "IMPROV", "IMP", "log level debug", rpc(2), rpc(3),
                                 rpc(1, b"\x04home\x0fx\nmaintenance\n\x03")])), st.integers(1, 9))
def test_lines_and_packets_are_kept_apart(sent: list[str | bytes], size: int) -> None:
    """A line goes on behind a packet; nothing of a packet is a line, nor a Ctrl-C."""
    raw = b"".join(one if isinstance(one, bytes) else one.encode() + b"\n" for one in sent)
    wanted = [improv.command(one) if isinstance(one, bytes) else one for one in sent]
    assert split(raw, size) == wanted
    assert split(b"sta" + rpc(2) + b"tus\n", size) == [
        (2, b""), "status"
    ]  # fmt: skip


@given(st.binary(max_size=80).map(quiet), st.binary(max_size=30).map(quiet))
def test_a_ctrl_c_between_packets_leads_to_the_prompt(noise: bytes, more: bytes) -> None:
    with pytest.raises(KeyboardInterrupt):
        split(noise + rpc(3) + more + b"\x03")


def test_a_packet_that_is_wrong() -> None:
    good = rpc(2)
    for spoilt in (good[:-1] + bytes((good[-1] ^ 1,)), rpc(2, b"ab").replace(b"\x02ab", b"\x03ab")):
        assert improv.command(spoilt) == (0, b"")
    assert split(improv.state(2)) == [None]  # our own echo is no command


def test_what_follows_a_torn_packet() -> None:
    """It is dropped after a silence; before that the next one is found in what it took for data."""
    made, good = typed.Split(), rpc(2)
    assert made.take(good[:9], 10) == [] and made.take(good, 16) == [good]
    assert made.take(rpc(1, b"x" * 20)[:14], 20) == []
    found = [one for _ in range(4) for one in made.take(good, 21)]
    assert improv.command(found[0]) == (0, b"") and found[1:] and set(found[1:]) == {good}
    assert made.take(b"status\n", 30) == ["status"]


@given(st.lists(st.one_of(st.binary(max_size=60), st.just(rpc(2)), st.just(rpc(2)[:9]))),
       st.integers(1, 40))  # fmt: skip
def test_any_bytes_on_the_line(pieces: list[bytes], size: int) -> None:
    """In whatever pieces they come: the same, and bounded."""
    raw = b"".join(pieces).replace(b"\x03", b"\x01\x03")
    made, found = typed.Split(), []
    try:
        for at in range(0, len(raw), size):
            found += made.take(raw[at : at + size], 0)
            assert len(made._got) <= typed.LINE_MAX and len(made._packet) <= 265
    except KeyboardInterrupt:
        return
    whole = typed.Split().take(raw, 0)
    assert whole == found
    for one in found:
        assert len(one) <= (typed.LINE_MAX if isinstance(one, str) else 265)
    wifi = improv.wifi(raw)
    assert wifi is None or b"".join((bytes((len(wifi[0]),)), wifi[0])) == raw[: raw[0] + 1]
