# machine.WDT: what it refuses, that it can be set again but not stopped, and what it outlives.
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


def attempt(name, *args):
    try:
        print(name, machine.WDT(*args) is not None)
    except ValueError as error:
        print(name, type(error).__name__, error.args)


if step == 0:
    attempt("another watchdog", 1, 5000)
    attempt("no time", 0, 0)
    attempt("less than no time", 0, -1)
    wdt = machine.WDT(timeout=500)
    print("a way to stop it", [name for name in ("stop", "deinit") if hasattr(wdt, name)])
    for _ in range(4):
        time.sleep_ms(200)
        wdt.feed()
    print("fed")
    machine.WDT(timeout=3000)
    time.sleep_ms(700)
    print("set again, longer", wdt.feed())
    machine.WDT(timeout=500)
    print("RESET 500")
    time.sleep(5)
    nvs.set_i32("step", 99)
if step == 1:
    machine.WDT(timeout=2000)
    print("RESET 0")
    machine.soft_reset()
if step == 2:
    print("RESET 2000")  # nobody has fed it since the soft reset
    time.sleep(10)
    nvs.set_i32("step", 99)
print("END")
