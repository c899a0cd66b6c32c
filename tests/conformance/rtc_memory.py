# machine.RTC().memory(): its limit, and the resets that it survives.
# touches: nvs
import time

import machine
from esp32 import NVS

nvs = NVS("conform")
try:
    step = nvs.get_i32("step")
except OSError:
    step = 0
nvs.set_i32("step", step + 1)
print("STEP", step, machine.reset_cause() if step else "first")
rtc = machine.RTC()
if step == 0:
    for data in (b"four", b"", bytearray(b"array"), b"\x00\xff" * 1024):
        rtc.memory(data)
        print("set", len(rtc.memory()), rtc.memory() == bytes(data), type(rtc.memory()) is bytes)
    rtc.memory(b"kept")
    try:
        rtc.memory(bytes(2049))
    except ValueError as error:
        print("too long", error.args)
    print("still", rtc.memory())
    print("RESET 0")
    machine.reset()
print(rtc.memory(), machine.RTC().memory())
if step == 1:
    rtc.memory(b"kept again")
    print("RESET 0")
    machine.soft_reset()
if step == 2:
    machine.WDT(timeout=300)
    print("RESET 300")
    time.sleep(5)
print("END")
