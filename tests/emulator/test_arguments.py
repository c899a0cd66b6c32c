"""Odd arguments of the chip's calls: the firmware gets an exception, the emulator lives on."""

import pytest
import tiny

ENGINES = [tiny.on_cpython, tiny.on_micropython]
TRY = """
import esp32, machine, network
from esp32 import NVS, Partition
nvs, data, rtc = NVS("n"), Partition("data"), machine.RTC()
def show(call):
    try:
        print(call())
    except Exception as error:
        print(type(error).__name__)
"""


def shown(make, *calls: str) -> list[str]:
    """What each call gives, or the name of what it raises."""
    bench = make(TRY + "".join(f"show(lambda: {call})\n" for call in calls) + "print('END')\n")
    bench.run(10)
    assert bench.lines[-1:] == ["END"], bench.text
    return bench.lines[:-1]


@pytest.mark.parametrize("make", ENGINES)
def test_what_is_no_name_no_number_and_no_buffer(make):
    calls = [
        "NVS(5)",
        "nvs.get_i32(None)",
        "nvs.set_i32('k', '1')",
        "nvs.set_i32('k', 1.0)",
        "nvs.set_blob('b', 5)",
        "nvs.set_blob('b', [1, 2])",
        "data.writeblocks(0, 4096)",
        "data.readblocks(0, b'1234')",
        "Partition(None)",
        "Partition(1.0)",
        "Partition.find(1, 255, 5)",
        "rtc.memory(5)",
        "machine.WDT(timeout=object())",
        "machine.PWM(machine.Pin(18), freq=object())",
    ]
    assert shown(make, *calls) == ["TypeError"] * len(calls)


def test_an_object_does_not_get_into_the_pipe_of_the_vm():
    calls = "Partition.find(object())", "network.WLAN().config(ssid=object())", "nvs.get_i32('k')"
    assert shown(tiny.on_micropython, *calls) == ["TypeError", "TypeError", "OSError"]


@pytest.mark.parametrize("make", ENGINES)
def test_what_the_port_takes_besides(make):
    calls = [
        "(nvs.set_i32('k', True), nvs.get_i32(b'k'))",
        "(nvs.set_blob('b', 'abc'), nvs.get_blob('b', bytearray(3)))",
        "data.ioctl(6, 0) or data.writeblocks(0, '1234', 0)",
        "data.writeblocks(1, memoryview(bytes(4096)))",
        "Partition(b'data').info()[4]",
        "(rtc.memory('kept'), rtc.memory())",
    ]
    assert shown(make, *calls) == [
        "(None, 1)",
        "(None, 3)",
        "None",
        "None",
        "data",
        "(None, b'kept')",
    ]


@pytest.mark.parametrize("make", ENGINES)
def test_a_part_of_a_buffer_is_read_into(make):
    main = TRY + "data.ioctl(6, 0)\ndata.writeblocks(0, b'1234', 0)\nbuf = bytearray(8)\n"
    main += "data.readblocks(0, memoryview(buf)[2:6])\nprint(bytes(buf))\n"
    bench = make(main)
    bench.run(10)
    assert bench.lines == [r"b'\x00\x001234\x00\x00'"]


def test_items_of_any_size_are_bytes_of_flash():
    main = TRY + """
from array import array
data.writeblocks(0, array("H", [0x4142] * 2048))
words = array("I", [0, 0])
data.readblocks(0, words)
print([hex(word) for word in words])
nvs.set_blob("b", array("H", [1, 2]))
print(nvs.get_blob("b", words), words[0])
"""
    bench = tiny.on_micropython(main)
    bench.run(10)
    assert bench.lines == ["['0x41424142', '0x41424142']", f"4 {0x20001}"]


@pytest.mark.parametrize("make", ENGINES)
def test_a_timer_without_a_time_does_not_ring_all_the_time(make):
    bench = make("""
import machine, time
rings = []
machine.Timer(0).init(callback=lambda timer: rings.append(1))
time.sleep_ms(50)
print(len(rings))
machine.Timer(0).init(freq=2000, callback=lambda timer: rings.append(1))
time.sleep_ms(50)
machine.reset_cause()  # callbacks run at calls into the chip
print(len(rings) > 0)
machine.Timer(0).deinit()
""")
    bench.run(10)
    assert bench.lines == ["0", "True"]
