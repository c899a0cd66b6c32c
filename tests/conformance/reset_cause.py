# machine.reset_cause() after every kind of reset that a program can bring about.
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
cause = machine.reset_cause()
if step == 0:
    print("STEP 0", cause in (machine.PWRON_RESET, machine.HARD_RESET))
    print("causes", machine.PWRON_RESET, machine.HARD_RESET, machine.WDT_RESET)
    print("causes", machine.DEEPSLEEP_RESET, machine.SOFT_RESET)
    print("RESET 0")
    machine.reset()
print("STEP", step, cause, machine.reset_cause())
if step in (1, 4):
    print("RESET 0")
    machine.soft_reset()
if step == 2:
    print("RESET 0")
    raise SystemExit
if step == 3:
    machine.WDT(timeout=300)
    print("RESET 300")
    time.sleep(5)
if step == 5:
    print("RESET 0")
    machine.reset()
print("END")
