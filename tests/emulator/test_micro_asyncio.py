"""The loop on virtual time: what it costs, and how it dies. Its meaning: tests/parity."""

import tiny


def test_waiting_costs_virtual_time_alone():
    bench = tiny.on_cpython("""
import asyncio, time

async def main():
    start = time.time()
    await asyncio.gather(*[asyncio.sleep_ms(1) if False else nap(n) for n in range(3)])
    print(time.time() - start)

async def nap(days):
    await asyncio.sleep(days * 86400)

asyncio.run(main())
""")
    clock = bench.device.clock
    bench.device.around.wall = lambda: 1_760_000_000 + clock.now_us / 1e6
    outcome = bench.run(7 * 86_400)

    assert bench.lines == ["172800"]
    assert 172_800 < outcome.elapsed_us / 1e6 < 172_802


def test_ticks_and_the_loop_share_one_clock_across_the_wrap():
    assert tiny.output("""
import asyncio, time

async def main():
    for seconds in (30, 30, 30):
        start = time.ticks_ms()
        await asyncio.sleep(seconds)
        end = time.ticks_ms()
        print(abs(time.ticks_diff(end, start) - seconds * 1000) <= 1, end < start)

asyncio.run(main())
""", 200) == ["True False", "True True", "True False"]


def test_a_busy_task_is_seen_by_the_watchdog():
    bench = tiny.on_cpython("""
import asyncio, machine

async def spin():
    while True:
        await asyncio.sleep(0)

if machine.reset_cause() == 1:
    machine.WDT(timeout=1000)
    asyncio.run(spin())
""")
    bench.run()

    assert bench.events[1] == "reset watchdog"


def test_tasks_that_wait_for_each_other_for_ever_leave_the_device_idle():
    bench = tiny.on_cpython("""
import asyncio

async def wait(event):
    try:
        await event.wait()
    finally:
        print("never")

async def main():
    event = asyncio.Event()
    await asyncio.gather(wait(event), wait(event))

asyncio.run(main())
""")
    outcome = bench.run(3600)

    assert (outcome.reason, bench.lines) == ("idle", [])
    assert outcome.elapsed_us < 1_000_000


LEAVES = """
import asyncio, machine
from esp32 import Partition
data = Partition("data")

async def holds():
    try:
        await asyncio.sleep(1000)
    finally:
        print("finally of a task")
        data.writeblocks(0, bytes(4), 0)

async def main():
    asyncio.create_task(holds())
    await asyncio.sleep(1)
    {end}

if machine.reset_cause() == 1:
    try:
        asyncio.run(main())
    finally:
        print("finally of main")
print("END")
"""


def test_a_soft_reset_runs_its_own_finally_and_no_other():
    bench = tiny.on_cpython(LEAVES.replace("{end}", "machine.soft_reset()"))
    bench.run()

    assert bench.lines == ["finally of main", "END"]
    assert bench.device.flash.ops == 2  # of the bootloader, at the first boot


def test_a_chip_reset_runs_no_finally():
    bench = tiny.on_cpython(LEAVES.replace("{end}", "machine.reset()"))
    bench.run()

    assert bench.lines == ["END"]
    assert bench.device.flash.ops == 2


def test_without_wifi_nothing_connects():
    assert tiny.output("""
import asyncio

async def main():
    try:
        await asyncio.open_connection("market", 80)
    except OSError as error:
        print(error.errno)

asyncio.run(main())
""") == ["-202"]


def test_a_silent_peer_is_waited_for_until_the_deadline():
    bench = tiny.on_cpython("""
import asyncio

async def main():
    reader, writer = await asyncio.open_connection("market", 80)
    writer.write(b"x")
    try:
        await asyncio.wait_for(reader.read(1), 20)
    except asyncio.TimeoutError:
        print("late")

asyncio.run(main())
""")

    class Silent:
        def connect(self):
            return self

        def received(self, data):
            return []

    bench.device.net.up = lambda: True
    bench.device.net.resolve = lambda host: [0, True]
    bench.device.net.hosts["market", 80] = Silent()
    outcome = bench.run(60)

    assert bench.lines == ["late"]
    assert 20 < outcome.elapsed_us / 1e6 < 21
