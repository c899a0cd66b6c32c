# A trial that sleeps deeply: the bootloader looks neither at the boot record nor at the image.
# touches: nvs otadata other_slot
import struct

import machine
from esp32 import NVS, Partition

STATES = ("NEW", "PENDING", "VALID", "INVALID", "ABORTED")
nvs = NVS("conform")
try:
    step = nvs.get_i32("step")
except OSError:
    step = 0
nvs.set_i32("step", step + 1)
running = Partition(Partition.RUNNING)


def copy(source, target):
    """The image alone (ESP-IDF "App Image Format")."""
    head, segment, sector = bytearray(24), bytearray(8), bytearray(4096)
    source.readblocks(0, head)
    size = 24
    for _ in range(head[1]):
        source.readblocks(size // 4096, segment, size % 4096)
        size += 8 + struct.unpack("<II", segment)[1]
    size = (size + 16) // 16 * 16 + 32 * head[23]
    for block in range((size + 4095) // 4096):
        source.readblocks(block, sector)
        target.writeblocks(block, sector)


def state():
    """Of the entry with the highest number."""
    raw, best = bytearray(32), (0, 0)
    for index in (0, 1):
        Partition.find(Partition.TYPE_DATA, 0)[0].readblocks(index, raw)
        seq, state = struct.unpack_from("<I20xI", raw)
        if seq != 0xFFFFFFFF and seq > best[0]:
            best = (seq, state)
    return STATES[best[1]]


if step == 0:
    nvs.set_i32("home", running.info()[1])
where = "home" if running.info()[1] == nvs.get_i32("home") else "other"
print("STEP", step, machine.reset_cause() if step else "first", where, state())
if step == 0:
    other = running.get_next_update()
    copy(running, other)
    other.set_boot()
    print("RESET 0")
    machine.reset()
if step in (1, 2):
    print("RESET 300")
    machine.deepsleep(300)
if step == 3:
    print("RESET 0")
    machine.reset()
print("END")
