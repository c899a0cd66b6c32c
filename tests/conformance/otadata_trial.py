# The boot record through trials: confirmed, not confirmed, soft reset, a slot that rots.
# touches: nvs otadata other_slot
import binascii
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
otadata = Partition.find(Partition.TYPE_DATA, 0)[0]
raw = bytearray(32)


def entry(index):
    """(sequence number, state) of an entry, or None."""
    otadata.readblocks(index, raw)
    seq, state, crc = struct.unpack_from("<I20xII", raw)
    good = crc == binascii.crc32(raw[:4], 0xFFFFFFFF)
    return (seq, STATES[state] if state < 5 else state) if good and seq != 0xFFFFFFFF else None


def image_size(part):
    """Header, segments, checksum at the end of 16 bytes, hash (ESP-IDF "App Image Format")."""
    head, segment = bytearray(24), bytearray(8)
    part.readblocks(0, head)
    at = 24
    for _ in range(head[1]):
        part.readblocks(at // 4096, segment, at % 4096)
        at += 8 + struct.unpack("<II", segment)[1]
    return (at + 16) // 16 * 16 + 32 * head[23]


def copy(source, target):
    sector = bytearray(4096)
    for block in range((image_size(source) + 4095) // 4096):
        source.readblocks(block, sector)
        target.writeblocks(block, sector)


def name(part):
    return "home" if part.info()[1] == home else "other"


def look():
    print("running", name(running), "boot", name(Partition(Partition.BOOT)))
    for index in (first, 1 - first):
        found = entry(index)
        if found and (index == first or step or found[0] > base):
            slot = "home" if (found[0] - 1) % 2 == home - 16 else "other"
            print(" ", slot, f"+{found[0] - base}", found[1])


def reset():
    print("RESET 0")
    machine.reset()


def spoil(part):
    """One bit of the image that falls, as bits do."""
    sector = bytearray(4096)
    part.readblocks(1, sector)
    for at in range(4096):
        if sector[at]:
            part.writeblocks(1, bytes([sector[at] & (sector[at] - 1)]), at)
            return


if step == 0:
    home = running.info()[1]
    first = 0 if (entry(0) or (0,))[0] >= (entry(1) or (0,))[0] else 1
    base = entry(first)[0]
    for key, value in (("home", home), ("first", first), ("base", base)):
        nvs.set_i32(key, value)
home, first, base = nvs.get_i32("home"), nvs.get_i32("first"), nvs.get_i32("base")
print("STEP", step, machine.reset_cause() if step else "first")
look()
if step == 0:
    other = running.get_next_update()
    copy(running, other)
    other.set_boot()
    look()
    reset()
if step == 1:
    print("RESET 0")
    machine.soft_reset()  # does not pass through the bootloader
if step == 2:
    reset()  # unconfirmed
if step == 3:
    running.get_next_update().set_boot()
    look()
    reset()
if step == 4:
    Partition.mark_app_valid_cancel_rollback()
    Partition.mark_app_valid_cancel_rollback()
    look()
    reset()
if step == 5:
    running.get_next_update().set_boot()
    look()
    reset()
if step == 6:
    Partition.mark_app_valid_cancel_rollback()
    other = running.get_next_update()
    other.set_boot()
    spoil(other)
    look()
    reset()
if step == 7:  # the rotten slot was passed over; its entry is the active one all the same
    Partition.mark_app_valid_cancel_rollback()
    look()
    reset()
if step == 8:
    try:
        running.get_next_update().set_boot()
    except OSError as error:
        print("refused", error.args)
    running.set_boot()
    print("boot", name(Partition(Partition.BOOT)))
    nvs.set_i32("healed", max(entry(0)[0], entry(1)[0]) - base)
    reset()
if step == 9:
    Partition.mark_app_valid_cancel_rollback()
    look()
print("END")
