"""The name server on loopback, asked by hand and by the emulated chip's resolver."""

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rig import new_flash, release

from host_tools.emulator.board import Options, Surroundings
from host_tools.emulator.micropython_engine import MicroPythonDevice
from host_tools.emulator.resolver import Resolver, look_up
from host_tools.market import dns
from host_tools.market.providers import HOSTS
from host_tools.market.server import Market

RUN_S = 30  # of real time, at most
KNOWN = "quote.cnbc.com"
# RFC 1035 4.1: id 7, recursion desired, one question: quote.cnbc.com A IN
QUERY = bytes.fromhex("0007 0100 0001 0000 0000 0000") + b"\5quote\4cnbc\3com\0\0\1\0\1"
ANSWER = (
    bytes.fromhex("0007 8180 0001 0001 0000 0000") + QUERY[12:]
    + bytes.fromhex("c00c 0001 0001 0000003c 0004 7f000001")
)  # fmt: skip


def find(name: str) -> str | None:
    return "127.0.0.1" if name == KNOWN else None


def test_a_known_name_to_the_byte() -> None:
    assert dns.answer(QUERY, find) == ANSWER
    assert dns.answer(QUERY.replace(b"quote", b"QUOTE"), find) == ANSWER.replace(b"quote", b"QUOTE")


def code(query: bytes, fault: str | None = None) -> tuple[int, int]:
    """(response code, answers)."""
    _, flags, _, answers = struct.unpack_from(">HHHH", dns.answer(query, find, fault) or b"")
    return flags & 15, answers


def test_what_is_not_known_and_what_is_broken() -> None:
    other = QUERY.replace(b"quote", b"qoute")
    assert code(other) == (dns.NXDOMAIN, 0)
    assert code(other, "hijack") == (0, 1)
    assert code(QUERY, "nxdomain") == (dns.NXDOMAIN, 0)
    assert code(QUERY, "servfail") == (dns.SERVFAIL, 0)
    assert dns.answer(QUERY, find, "silent") is None
    assert code(QUERY[:-4] + b"\0\x1c\0\1") == (0, 0)  # AAAA: the name is there, no such address
    assert code(QUERY[:-1] + b"\3") == (dns.NOTIMP, 0)  # class CHAOS


@given(st.one_of(st.binary(max_size=80), st.binary(max_size=40).map(lambda end: QUERY[:14] + end)))
def test_arbitrary_bytes_are_no_question_or_get_an_answer(message: bytes) -> None:
    reply = dns.answer(message, find)

    assert reply is None or (reply[:2] == message[:2] and reply[2] & 0x80 and len(reply) <= 512)


def test_the_chips_resolver_asks_it() -> None:
    with dns.Internet(Market("sp500").site, HOSTS) as internet:
        server = internet.names
        around = Surroundings(name_server=server.address, ports=internet.ports)
        resolver = Resolver(around)
        assert resolver.route(KNOWN, 80) == ["127.0.0.1", internet.server.port]
        assert resolver.route(KNOWN, 8080) == ["127.0.0.1", 8080]
        assert resolver.route("127.0.0.1", 80) == ["127.0.0.1", 80]
        assert server.asked == [KNOWN, KNOWN]
        for fault in (None, "nxdomain", "servfail"):
            server.fault = fault
            with pytest.raises(OSError, match="EAI_FAIL"):
                look_up("gone.example", server.address)
        server.fault = "hijack"
        assert look_up("gone.example", server.address) == "127.0.0.1"
    with pytest.raises(OSError, match="EAI_FAIL"):
        look_up(KNOWN, ("127.0.0.1", closed_port()))


def closed_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.mark.parametrize(("instrument", "provider"), [("dax", "cnbc"), ("eth", "bitstamp")])
def test_the_real_vm_reaches_a_provider_by_its_own_name(instrument: str, provider: str) -> None:
    market = Market(instrument)
    heard: list[str] = []
    with dns.Internet(market.site, HOSTS) as internet:
        host = next(host for host, name in HOSTS.items() if name == provider)
        bases = {provider: f"http://{host}"}
        flash = new_flash(release("0.1.0"), instrument=instrument, providers=bases, poll_s=1)
        around = Surroundings(serial=heard.append, wall=market.clock.now,
                              name_server=internet.names.address, ports=internet.ports)  # fmt: skip
        device = MicroPythonDevice(flash, around, Options())
        device.run(RUN_S, until=lambda: " state=LIVE " in "".join(heard))
        asked = set(internet.names.asked)

    assert " state=LIVE " in "".join(heard), "".join(heard)[-500:]
    assert host in asked
