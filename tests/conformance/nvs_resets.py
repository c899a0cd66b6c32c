# esp32.NVS: what is set is kept without a commit, over every kind of reset.
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
room = bytearray(600)
if step:
    size = nvs.get_blob("blob", room)
    print("kept", nvs.get_i32("number"), size, bytes(room[:3]), bytes(room[size - 1 : size]))
nvs.set_i32("number", -step)
nvs.set_blob("blob", bytes([65 + step]) * (500 + step))
if step == 0:
    print("RESET 0")
    machine.reset()
if step == 1:
    print("RESET 0")
    machine.soft_reset()
if step == 2:
    machine.WDT(timeout=300)
    print("RESET 300")
    time.sleep(5)
nvs.erase_key("blob")
nvs.erase_key("number")
print("END")
