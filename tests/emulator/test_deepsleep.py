"""Deep sleep: RTC memory lives on, everything else does not, and no bootloader looks at otadata."""

import pytest
import tiny
from images import entry

from host_tools.emulator.otadata import State, read_entries
from host_tools.emulator.partitions import PartitionTable

ENGINES = [tiny.on_cpython, tiny.on_micropython]
SLEEPER = """
import machine, network, time
from esp32 import Partition
rtc = machine.RTC()
wlan = network.WLAN()
print(machine.reset_cause(), rtc.memory(), Partition(Partition.RUNNING).info()[4], wlan.active())
if machine.reset_cause() == 1:
    rtc.memory(b"kept")
    wlan.active(True)
    pwm = machine.PWM(machine.Pin(18), freq=50, duty_u16=0)
    pwm.duty_ns(1500000)
    machine.WDT(timeout=200)
    try:
        machine.deepsleep(400)
    finally:
        rtc.memory(b"afterlife")
if machine.reset_cause() == 4:
    time.sleep_ms(300)
    machine.reset()
print("END")
"""


def otadata(bench: tiny.Bench) -> tuple:
    where = PartitionTable.read(bench.device.flash).otadata
    assert where
    return read_entries(bench.device.flash, where)


def trial(main: str):
    """A board whose next boot starts a trial of ota_1."""
    chip = tiny.flash(main)
    chip.program(tiny.OTA_1, tiny.APP)
    for at, what in ((0xD000, entry(1, 2)), (0xE000, entry(2, 0))):
        chip.program(at, what)
    return chip


@pytest.mark.parametrize("make", ENGINES)
def test_what_a_sleep_keeps_and_what_it_does_not(make):
    bench = make(trial(SLEEPER))
    states = []
    bench.device.around.events = lambda line: (
        bench.events.append(line), states.append(otadata(bench)[1].state)
    )  # fmt: skip
    began_us = bench.device.clock.now_us
    bench.run(10, until=lambda: "END" in bench.text)

    assert bench.lines == [
        "1 b'' ota_1 False",
        "4 b'kept' ota_1 False",  # the watchdog of 200 ms did not outlive the 400 ms
        "2 b'kept' ota_0 False",
        "END",
    ]
    assert bench.events[1] == "reset deep sleep"
    # The trial goes on through the sleep; the reset after it ends it.
    pending = [State.PENDING_VERIFY] * 4
    assert states[:4] == pending and states[-1] == State.ABORTED
    pulses = bench.device.board.pwm.pulses
    assert pulses[-1][2] == 0 and pulses[-2][2] > 0
    assert bench.device.clock.now_us - began_us >= 700_000


@pytest.mark.parametrize("make", ENGINES)
@pytest.mark.parametrize("how", ["deepsleep()", "deepsleep(-1)"])
def test_without_a_time_it_sleeps_for_ever(make, how):
    bench = make(f"import machine\nprint('up')\nmachine.{how}\nprint('never')\n")
    outcome = bench.run(30)

    assert (outcome.reason, outcome.boots, bench.lines) == ("idle", 1, ["up"])


def test_a_wake_checks_no_image_and_a_reset_does():
    bench = tiny.on_cpython(SLEEPER)
    rotten = []

    def look() -> bool:
        if "reset deep sleep" in bench.events and not rotten:
            slot = tiny.BOARD.partition("ota_0")
            rotten.append(bench.device.flash.program(slot.offset + 200, bytes(64)))
        return False

    bench.device.around.events = lambda line: (bench.events.append(line), look())
    outcome = bench.run(10)

    assert bench.lines == ["1 b'' ota_0 False", "4 b'kept' ota_0 False"]
    assert outcome.reason == "boot failure"


def test_the_power_goes_while_it_sleeps():
    bench = tiny.on_cpython(trial("import machine\nprint(machine.reset_cause())\n"
                                  "machine.deepsleep(60000)\n"))  # fmt: skip
    assert bench.run(10).reason == "time"
    assert bench.run(10).reason == "time"
    assert bench.lines == ["1", "1"]
    assert otadata(bench)[1].state == State.ABORTED
