"""A device on the CPython engine: how a run ends, what lives on, and that a dead chip is dead."""

import pytest
import tiny
from images import entry, poke

from host_tools.emulator.board import Options
from host_tools.emulator.device import BOOTS_MAX

PENDING = 1
WRITES = """
from esp32 import Partition
data = Partition("data")
"""


def test_a_run_ends_when_its_time_is_up():
    bench = tiny.on_cpython("import time\nwhile True:\n    time.sleep(1)\n")
    outcome = bench.run(5)

    assert (outcome.reason, outcome.boots, outcome.elapsed_us) == ("time", 1, 5_000_000)
    assert bench.run(3).elapsed_us == 3_000_000


def test_a_run_ends_when_the_host_has_seen_enough():
    bench = tiny.on_cpython("import time\nwhile True:\n    print('tick')\n    time.sleep(1)\n")
    outcome = bench.run(60, until=lambda: len(bench.lines) == 3)

    assert (outcome.reason, bench.lines) == ("until", ["tick"] * 3)


def test_a_run_ends_when_nothing_can_happen_any_more():
    bench = tiny.on_cpython("print('done')")
    outcome = bench.run(3600)

    assert (outcome.reason, bench.lines) == ("idle", ["done"])
    assert outcome.elapsed_us < 1_000_000


def test_a_device_that_resets_for_ever_is_given_up():
    bench = tiny.on_cpython("import machine\nmachine.reset()\n")
    outcome = bench.run(100_000)

    assert (outcome.reason, outcome.boots) == ("reset loop", BOOTS_MAX)


def test_a_flash_without_an_app_does_not_boot():
    chip = tiny.flash("")
    chip.erase(0x10000)
    outcome = tiny.on_cpython(chip).run()

    assert (outcome.reason, outcome.boots) == ("boot failure", 1)


def test_a_file_system_that_does_not_mount_is_said():
    chip = tiny.flash("print('never')")
    for page in range(16):
        poke(chip, tiny.BOARD.partition("vfs").offset + page * 4096, bytes(64))
    bench = tiny.on_cpython(chip)
    assert bench.run().reason == "idle"
    assert bench.lines == ["The filesystem appears to be corrupted."]


CUT = WRITES + """
try:
    for sector in range(3):
        data.ioctl(6, sector)
        data.writeblocks(sector, b"mark", 0)
        print(sector)
{held}:
    print("held")
    for sector in range(3):
        data.ioctl(6, sector)
print("end")
"""


@pytest.mark.parametrize("held", ["finally", "except BaseException"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_after_a_cut_no_line_of_the_firmware_touches_the_flash(held, when):
    first = 2  # the bootloader marks the slot
    for index in range(first, first + 6):
        bench = tiny.on_cpython(CUT.replace("{held}", held))
        outcome = bench.run(cut=(index, when))

        assert outcome.reason == "cut"
        assert f"power cut {when}" in outcome.detail
        assert bench.device.flash.ops == index + 1
        done = index - first + (when == "after")  # operations that took effect
        assert len(bench.lines) == max(0, index - first) // 2
        for sector in range(3):
            written = bench.device.flash.read(tiny.DATA + sector * 4096, 4)
            assert (written == b"mark") == (done >= 2 * sector + 2)


def test_operations_of_a_cut_count_from_the_start_of_its_run():
    bench = tiny.on_cpython(WRITES + "data.ioctl(6, 0)\ndata.ioctl(6, 1)\n")
    assert bench.run().reason == "idle"
    ops = bench.device.flash.ops
    assert bench.run(cut=(1, "before")).reason == "cut"
    assert bench.device.flash.ops == ops + 2
    assert bench.run().reason == "idle"  # the cut was for one run
    assert bench.device.flash.cut is None


def test_a_power_cut_in_the_bootloader():
    for index in (0, 1):
        bench = tiny.on_cpython("print('up')")
        assert bench.run(cut=(index, "after")).reason == "cut"
        assert bench.lines == []
        assert bench.run().reason == "idle"
        assert bench.lines == ["up"]


SURVIVOR = WRITES + """
import machine, time
def stubborn():
    while True:
        try:
            while True:
                machine.unique_id()
                time.sleep(1)
        except BaseException:
            data.writeblocks(0, bytes(4), 0)
try:
    {end}
    stubborn()
except BaseException:
    machine.soft_reset()
"""


def test_firmware_that_swallows_its_own_end_still_ends():
    bench = tiny.on_cpython(SURVIVOR.replace("{end}", "pass"))
    outcome = bench.run(20)
    assert (outcome.reason, bench.device.flash.ops) == ("time", 2)

    bench = tiny.on_cpython(SURVIVOR.replace("{end}", "data.ioctl(6, 0)"))
    outcome = bench.run(20, cut=(2, "before"))
    assert (outcome.reason, outcome.boots, bench.device.flash.ops) == ("cut", 1, 3)


def test_until_ends_it_before_any_finally():
    bench = tiny.on_cpython(WRITES + """
import time
try:
    time.sleep(1)
finally:
    print("never")
    data.ioctl(6, 0)
""")
    outcome = bench.run(60, until=lambda: bench.device.clock.now_us > 500_000)

    assert (outcome.reason, bench.lines, bench.device.flash.ops) == ("until", [], 2)


def test_a_soft_reset_keeps_wifi_and_the_watchdog_but_no_pulse():
    bench = tiny.on_cpython("""
import machine, network, time
wlan = network.WLAN()
if machine.reset_cause() == 1:
    machine.WDT(timeout=10000)
    wlan.active(True)
    wlan.connect("home", "password")
    pwm = machine.PWM(machine.Pin(18), freq=50, duty_u16=0)
    pwm.duty_ns(1500000)
    time.sleep(2)
    machine.soft_reset()
if machine.reset_cause() == 5:
    print("joined", wlan.isconnected())
    time.sleep(60)
print("cause", machine.reset_cause(), "joined", wlan.isconnected())
""")
    outcome = bench.run()

    assert bench.lines == ["joined True", "cause 3 joined False"]
    assert bench.events[1:] == ["reset watchdog", "boot ota_0 cause 3"]
    pulses = [ns for _, pin, ns in bench.device.board.pwm.pulses if pin == 18]
    assert pulses[0] == 0
    assert pulses[-1] == 0
    assert pulses[1] == pytest.approx(1_500_000, abs=305)
    assert outcome.boots == 2


def test_a_soft_reset_does_not_pass_through_the_bootloader():
    chip = tiny.flash("""
import machine
from esp32 import Partition
print(machine.reset_cause(), Partition(Partition.RUNNING).info()[4])
if machine.reset_cause() == 1:
    machine.soft_reset()
if machine.reset_cause() == 5:
    machine.reset()
""")
    chip.program(tiny.OTA_1, tiny.APP)
    for at, what in ((0xD000, entry(1, 2)), (0xE000, entry(2, 0))):
        chip.program(at, what)  # ota_1 is new: a trial
    bench = tiny.on_cpython(chip)
    bench.run()

    assert bench.lines == ["1 ota_1", "5 ota_1", "2 ota_0"]


def test_rtc_memory_survives_resets_and_no_power_cut():
    bench = tiny.on_cpython("""
import machine
rtc = machine.RTC()
print(rtc.memory())
rtc.memory(rtc.memory() + b"x")
if len(rtc.memory()) == 2:
    machine.reset()
if len(rtc.memory()) < 4:
    machine.soft_reset()
""")
    for _ in range(2):
        bench.run()
        assert bench.lines == ["b''", "b'x'", "b'xx'", "b'xxx'"]
        bench.heard.clear()


def test_a_write_to_vfs_is_a_fault_that_is_noted():
    bench = tiny.on_cpython("with open('log', 'w') as file:\n    file.write('x')\n")
    bench.run()

    assert bench.device.board.faults
    assert all("of vfs at 0x37" in fault for fault in bench.device.board.faults)


def test_a_board_may_not_know_the_time():
    script = "import time, machine\nprint(time.gmtime()[0])\n"
    script += "machine.RTC().datetime((2026, 11, 5, 3, 1, 2, 3, 0))\nprint(time.gmtime()[:6])\n"
    bench = tiny.on_cpython(script, options=Options(clock_set=False))
    bench.run()
    assert bench.lines == ["2000", "(2026, 11, 5, 1, 2, 3)"]
    bench = tiny.on_cpython(script)
    bench.run()
    assert bench.lines[0] == "2025"


def test_boot_py_runs_first_and_its_error_keeps_main_from_running():
    make = "import os\nif 'boot.py' not in os.listdir():\n    with open('boot.py', 'w') as file:\n"
    make += "        file.write({boot!r})\n    import machine\n    machine.reset()\nprint('main')\n"
    for boot, expected in (("print('boot')", ["boot", "main"]), ("import nothing", [])):
        bench = tiny.on_cpython(make.replace("{boot!r}", repr(boot)))
        bench.run()
        if not expected:
            assert bench.lines[-1] == "ImportError: no module named 'nothing'"
        assert [line for line in bench.lines if line in ("boot", "main")] == expected


def test_an_error_of_main_is_shown_with_the_firmware_s_own_frames():
    bench = tiny.on_cpython("def deep():\n    raise ValueError('why')\n\ndeep()\n")
    bench.run()

    assert bench.lines == [
        "Traceback (most recent call last):",
        '  File "main.py", line 4, in <module>',
        '  File "main.py", line 2, in deep',
        "ValueError: why",
    ]


def test_a_fault_of_the_host_is_not_the_firmwares_to_catch():
    caught = "import time\nwhile True:\n    try:\n        time.sleep(1)\n        print('on')\n"
    caught += "    except Exception:\n        pass\n"
    bench = tiny.on_cpython(caught)

    def broken() -> bool:
        raise KeyError("of the host")

    with pytest.raises(KeyError, match="of the host"):
        bench.run(until=broken)
    bench = tiny.on_cpython(caught)
    bench.device.around.serial = lambda text: broken()
    with pytest.raises(KeyError, match="of the host"):
        bench.run()


def test_a_timer_calls_back_within_a_long_sleep():
    lines = tiny.output("""
import machine, time
start = time.ticks_ms()
timer = machine.Timer(0)
ring = lambda t: print('rang after', time.ticks_diff(time.ticks_ms(), start) // 1000)
timer.init(mode=machine.Timer.PERIODIC, period=2000, callback=ring)
time.sleep(5)
timer.deinit()
print('slept', time.ticks_diff(time.ticks_ms(), start) // 1000)
""")
    assert lines == ["rang after 2", "rang after 4", "slept 5"]
