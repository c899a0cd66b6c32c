"""The virtual network: latency, waits, ends, and what happens without Wi-Fi."""

import pytest

from host_tools.emulator.clock import VirtualClock
from host_tools.emulator.net import Net
from host_tools.emulator.os_error import MicroOSError


class Canned:
    """A server that answers every piece of data with the same actions."""

    def __init__(self, *actions: tuple) -> None:
        self.actions = list(actions)
        self.heard = b""

    def connect(self) -> "Canned":
        return self

    def received(self, data: bytes) -> list[tuple]:
        self.heard += data
        return self.actions


class Bench:
    def __init__(self, *actions: tuple) -> None:
        self.clock = VirtualClock(1_000_000)
        self.wifi = True
        self.server = Canned(*actions)
        self.net = Net(self.clock, lambda: self.wifi)
        self.net.latency_us = 100
        self.net.hosts["market", 80] = self.server


def number(action, *args) -> int:
    with pytest.raises(OSError) as caught:
        action(*args)
    assert isinstance(caught.value, MicroOSError)
    return caught.value.errno


def test_an_answer_comes_after_the_latency_and_the_waits():
    bench = Bench(("data", b"one"), ("wait", 0.5), ("data", b""), ("data", b"two"), ("close",))
    connection = bench.net.connect("market", 80)
    assert connection.open_us == 1_000_100
    assert connection.next_us() is None
    connection.send(b"GET")

    assert bench.server.heard == b"GET"
    assert connection.next_us() == 1_000_100
    assert connection.receive() == b"one"
    assert connection.next_us() == 1_500_100
    assert connection.receive() == b"two"
    assert [connection.receive(), connection.receive()] == [b"", b""]  # the end stays the end


def test_a_reset_is_felt_by_the_reader():
    bench = Bench(("data", b"part"), ("reset",))
    connection = bench.net.connect("market", 80)
    connection.send(b"GET")
    assert connection.receive() == b"part"
    assert number(connection.receive) == 104


def test_nobody_listens_shows_at_the_first_read_or_write():
    bench = Bench()
    assert number(bench.net.connect("market", 81).send, b"GET") == 111
    connection = bench.net.connect("market", 81)
    assert connection.next_us() == connection.open_us
    assert number(connection.receive) == 111
    assert connection.receive() == b""
    assert number(connection.send, b"GET") == 104


def test_names_and_networks_that_are_not_there():
    bench = Bench()
    assert number(bench.net.connect, "nowhere", 80) == -202
    connection = bench.net.connect("market", 80)
    bench.wifi = False
    assert number(bench.net.connect, "market", 80) == -202
    assert number(connection.send, b"GET") == 104
    assert bench.server.heard == b""


def test_what_is_under_way_waits_for_the_network():
    bench = Bench(("data", b"answer"))
    connection = bench.net.connect("market", 80)
    connection.send(b"GET")
    bench.wifi = False
    assert connection.next_us() is None
    bench.wifi = True
    assert connection.receive() == b"answer"


def test_a_closed_connection_is_a_bad_descriptor():
    connection = Bench().net.connect("market", 80)
    connection.close()
    assert number(connection.send, b"x") == 9
    assert number(connection.next_us) == 9


def test_a_lookup_takes_its_time_and_may_get_no_answer():
    bench = Bench()
    passed = []
    bench.net.resolve = lambda host: [3000, host == "market"]
    bench.net.look_up("market", passed.append)
    assert number(bench.net.look_up, "dead", passed.append) == -202
    assert passed == [3_000_000] * 2


def test_hosts_may_change_while_it_runs():
    bench = Bench()
    del bench.net.hosts["market", 80]
    assert number(bench.net.connect, "market", 80) == -202
    bench.net.hosts["market", 80] = bench.server
    bench.net.connect("market", 80).send(b"again")
    assert bench.server.heard == b"again"
