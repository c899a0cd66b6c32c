# What the bootloader makes of the two entries of the boot record, and a confirmation after that.
# touches: nvs otadata other_slot
import binascii
import struct

import machine
from esp32 import NVS, Partition

STATES = ("NEW", "PENDING", "VALID", "INVALID", "ABORTED")
BLANK = (0xFFFFFFFF, 0xFFFFFFFF, True)
NEW, PENDING, VALID, INVALID, ABORTED, UNDEFINED = 0, 1, 2, 3, 4, 0xFFFFFFFF
# Entries 0 and 1: sequence number (1 is ota_0, 2 is ota_1), state, does the CRC fit?
CASES = (
    (BLANK, BLANK),
    ((1, VALID, True), (2, NEW, True)),
    ((1, VALID, True), (2, PENDING, True)),
    ((1, VALID, True), (2, PENDING, False)),
    ((1, VALID, True), (2, VALID, False)),
    ((3, VALID, True), (2, VALID, True)),
    ((2, VALID, True), (2, NEW, True)),
    ((1, ABORTED, True), (2, ABORTED, True)),
    ((1, ABORTED, True), (2, INVALID, False)),
    ((1, VALID, False), (2, VALID, False)),
    ((1, INVALID, True), (2, UNDEFINED, True)),
    ((1, VALID, True), (4, 7, True)),
)
nvs = NVS("conform")
try:
    step = nvs.get_i32("step")
except OSError:
    step = 0
nvs.set_i32("step", step + 1)
running = Partition(Partition.RUNNING)
otadata = Partition.find(Partition.TYPE_DATA, 0)[0]


def show(seq, state, good):
    if seq == 0xFFFFFFFF:
        return "blank"
    words = f"{seq} {STATES[state] if state < 5 else 'UNDEFINED' if state > 9 else state}"
    return words if good else words + " bad"


def read(index):
    raw = bytearray(32)
    otadata.readblocks(index, raw)
    seq, state, crc = struct.unpack_from("<I20xII", raw)
    return show(seq, state, crc == binascii.crc32(raw[:4], 0xFFFFFFFF))


def write(index, seq, state, good):
    otadata.ioctl(6, index)
    if seq != 0xFFFFFFFF:
        head = struct.pack("<I", seq)
        crc = binascii.crc32(head, 0xFFFFFFFF) ^ (0 if good else 1)
        label = b"\xff" * 20
        otadata.writeblocks(index, head + label + struct.pack("<II", state, crc), 0)


def copy(source, target):
    """The image alone (ESP-IDF "App Image Format"), so that either slot boots."""
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


print("STEP", step)
if step == 0:
    copy(running, running.get_next_update())
else:
    boot = Partition(Partition.BOOT).info()[1] - 16
    print(f"runs ota_{running.info()[1] - 16}, boot ota_{boot}:", read(0), "|", read(1))
    try:
        Partition.mark_app_valid_cancel_rollback()
        print("confirmed:", read(0), "|", read(1))
    except OSError as error:
        print("not confirmed:", error.args)
if step < len(CASES):
    for index in (0, 1):
        write(index, *CASES[step][index])
    print("given:", show(*CASES[step][0]), "|", show(*CASES[step][1]))
    print("RESET 0")
    machine.reset()
print("END")
