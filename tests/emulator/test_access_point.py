"""The emulated board as an access point: who may join, servers on it, its pins and serial input."""

import contextlib
import socket
from collections.abc import Iterator

import pytest
import tiny

from host_tools.emulator.radio import (
    ACCESS_POINT,
    CONNECTING,
    JOIN_US,
    STATION,
    NoAddress,
    Radio,
)

MAC = "0200000000%02x"


def access_point() -> Radio:
    radio = Radio({}, lambda: 0)
    radio.wlan_active(ACCESS_POINT, True)
    settings = {"ssid": "bull", "key": "password", "security": 3, "max_clients": 2}
    radio.wlan_config(ACCESS_POINT, None, settings)
    return radio


def test_who_may_join_and_how_many():
    radio = access_point()
    assert not radio.associate(MAC % 1, "bull", "passwort")
    assert not radio.associate(MAC % 1, "bear", "password")
    assert [radio.associate(MAC % n, "bull", "password") for n in range(3)] == [True, True, False]
    assert radio.wlan_status(ACCESS_POINT, "stations") == [MAC % 0, MAC % 1]
    assert radio.wlan_isconnected(ACCESS_POINT)


def test_stations_are_gone_with_the_network_and_when_it_moves():
    radio = access_point()
    radio.associate(MAC % 1, "bull", "password")
    radio.wlan_active(STATION, True)
    radio.wlan_connect("home", "password")
    assert not radio.wlan_isconnected(ACCESS_POINT)
    radio.associate(MAC % 1, "bull", "password")
    radio.wlan_active(ACCESS_POINT, False)
    assert radio.stations == [] and not radio.associate(MAC % 1, "bull", "password")


def test_a_network_that_gives_no_address_never_gets_beyond_connecting():
    now_us = [0]
    radio = Radio({"home": NoAddress("password")}, lambda: now_us[0])
    radio.wlan_active(STATION, True)
    radio.wlan_connect("home", "password")
    for _ in range(20):
        now_us[0] += JOIN_US
        assert radio.wlan_status(STATION, None) == CONNECTING
        assert not radio.wlan_isconnected(STATION)


def test_open_networks_and_names_that_are_no_text_in_a_scan():
    radio = Radio({"caf\udce9": "", "b\u00e4r": "password"}, lambda: 0)
    radio.wlan_active(STATION, True)
    rows = radio.wlan_scan(False)
    assert [(row[0], row[3]) for row in rows] == [("b\u00e4r", 3), (list(b"caf\xe9"), 0)]


SERVERS = r"""
import asyncio
import network
import select
import socket
import sys
from machine import Pin

station = network.WLAN(network.WLAN.IF_STA)
station.active(True)
print(sorted([row[0] for row in station.scan()]))
station.connect(b"caf\xe9", "password")
ap = network.WLAN(network.WLAN.IF_AP)
ap.active(True)
ap.config(ssid="bull", key="password", security=3, max_clients=2)
button = Pin(0, Pin.IN, Pin.PULL_UP)
poll = select.poll()
poll.register(sys.stdin, select.POLLIN)
box = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
box.bind(socket.getaddrinfo("0.0.0.0", 53, 0, socket.SOCK_DGRAM)[0][-1])
box.setblocking(False)

async def serve(reader, writer):
    while True:
        data = await reader.read(100)
        if not data:
            break
        writer.write(data.upper())
        await writer.drain()
    writer.close()
    await writer.wait_closed()

async def main():
    server = await asyncio.start_server(serve, "0.0.0.0", 80)
    print("open", button.value(), ap.status("stations"))
    typed = b""
    while typed != b"a\xff\x04":
        try:
            data, source = box.recvfrom(100)
            box.sendto(data + b"!", source)
        except OSError as error:
            assert error.args[0] == 11
        if poll.poll(0):
            typed += sys.stdin.buffer.read(1)
        await asyncio.sleep_ms(10)
    print("typed", button.value(), ap.status("stations"), station.isconnected())
    sys.stdout.buffer.write(b"raw\xffbytes\n")
    server.close()
    await server.wait_closed()
    print("END")

asyncio.run(main())
"""


def talk_virtually(bench) -> Iterator[None]:
    access = bench.device.net.access
    with pytest.raises(ConnectionRefusedError):
        access.dial(81)
    call = access.dial(80)
    call.say(b"he")
    call.say(b"llo")
    while call.heard != b"HELLO":
        yield
    call.hang_up()
    while not call.ended:
        yield
    access.send(53, b"what", ("192.168.4.2", 5))
    while not access.boxes[53].answers:
        yield
    assert access.boxes[53].answers == [(("192.168.4.2", 5), b"what!")]


def talk_really(bench) -> Iterator[None]:
    doors = bench.device.around.doors
    with socket.create_connection(("127.0.0.1", doors[80])) as call:
        call.settimeout(0)
        call.send(b"hello")
        heard = b""
        while heard != b"HELLO":
            with contextlib.suppress(BlockingIOError):
                heard += call.recv(9)
            yield
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as box:
        box.settimeout(0)
        box.sendto(b"what", ("127.0.0.1", doors[53]))
        while True:
            yield
            with contextlib.suppress(BlockingIOError):
                assert box.recv(9) == b"what!"
                return


@pytest.mark.parametrize(
    ("make", "talk"), [(tiny.on_cpython, talk_virtually), (tiny.on_micropython, talk_really)]
)
def test_servers_pins_and_serial_input_of_a_program(make, talk):
    bench = make(SERVERS)
    bench.device.around.air["caf\udce9"] = "password"

    def phone() -> Iterator[None]:
        while "open" not in bench.text:
            yield
        radio = bench.device.board.radio
        assert radio.associate(MAC % 7, "bull", "password")
        yield from talk(bench)
        bench.device.board.pwm.grounded.add(0)
        while not radio.connected:
            yield
        bench.device.type(b"a\xff\x04")
        while "END" not in bench.text:
            yield

    steps = phone()
    bench.run(20, until=lambda: next(steps, "over") == "over")
    assert bench.lines == [
        "[b'caf\\xe9', b'home']",
        "open 1 []",
        "typed 0 [(b'\\x02\\x00\\x00\\x00\\x00\\x07',)] True",
        "raw\ufffdbytes",
        "END",
    ]
