# Writing to the running slot: no exception, but a panic and a reset, and the slot stays as it is.
# touches: nvs
import machine
from esp32 import NVS, Partition

nvs = NVS("conform")
try:
    step = nvs.get_i32("step")
except OSError:
    step = 0
nvs.set_i32("step", step + 1)
print("STEP", step, machine.reset_cause() if step else "first")
running = Partition(Partition.RUNNING)
head = bytearray(64)
running.readblocks(0, head)
print("magic", hex(head[0]))
if step == 0:
    try:
        print("RESET 0")
        running.writeblocks(0, head, 0)  # the same bytes: should it be written, it changes nothing
        nvs.set_i32("outlived", 0)
    except Exception:
        nvs.set_i32("outlived", 1)
try:
    print("outlived", nvs.get_i32("outlived"))
except OSError as error:
    print("not outlived", error.args)
print("END")
