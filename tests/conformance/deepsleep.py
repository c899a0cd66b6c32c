# machine.deepsleep(): the reset at its end, and what it keeps.
# touches: nvs
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
    rtc.memory(b"kept")
    print("RESET 400")
    machine.deepsleep(400)
print(rtc.memory(), machine.reset_cause() == machine.DEEPSLEEP_RESET)
if step == 1:
    print("RESET 0")
    machine.soft_reset()
print("END")
