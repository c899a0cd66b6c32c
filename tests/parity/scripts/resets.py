# What a soft reset, a reset and the watchdog keep; `finally` in the shadow of a reset.
import asyncio
import time

import machine
from esp32 import NVS

rtc = machine.RTC()
found = rtc.memory()
step = found[0] if found else 0
print("step", step, "cause", machine.reset_cause(), found)
rtc.memory(bytes((step + 1,)) + b"kept")
nvs = NVS("steps")


def remember():
    """Must never happen: it would be read one step later."""
    nvs.set_i32("afterlife", step)


async def soft():
    async def other():
        try:
            await asyncio.sleep(1)
        finally:
            print("the finally of another task")
            remember()

    asyncio.create_task(other())
    await asyncio.sleep(0)
    machine.soft_reset()


async def hard():
    try:
        machine.reset()
    finally:
        remember()


try:
    print("afterlife of step", nvs.get_i32("afterlife"))
except OSError:
    print("no afterlife")
if step == 0:
    try:
        rtc.memory(bytes(2049))
    except ValueError as error:
        print(error)
    machine.soft_reset()
if step == 1:
    asyncio.run(soft())
if step == 2:
    asyncio.run(hard())
if step == 3:
    for args in ((1, 1000), (0, 0)):
        try:
            machine.WDT(*args)
        except ValueError as error:
            print(error)
    machine.WDT(timeout=600)
    machine.soft_reset()  # the watchdog lives on
if step == 4:
    try:
        time.sleep(1)
    finally:
        remember()
if step == 5:
    machine.Timer(0).init(mode=machine.Timer.ONE_SHOT, period=5, callback=lambda timer: [][1])
    for _ in range(4):
        time.sleep_ms(5)
        machine.reset_cause()
    machine.Timer(0).init(period=5, callback=lambda timer: machine.reset())
    while True:
        time.sleep_ms(5)
        machine.reset_cause()
