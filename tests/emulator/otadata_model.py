"""A second model of the boot record, as tables: what is selected, tried, written and confirmed.

Rules of ESP-IDF's bootloader_utility.c, bootloader_common_loader.c and esp_ota_ops.c. A record is
two entries (seq, crc_good, state). No code of the emulator's is used: that is held against it."""

import struct
import zlib

# What an entry is: Live; Blank; Dead, condemned with a good CRC; d, condemned without; Torn.
# What a pair of them makes the bootloader do.
PAIRS = {
    "higher": ["LL"],
    "entry 0": ["LB", "LD", "Ld", "LT"],
    "entry 1": ["BL", "DL", "dL", "TL"],
    "first": ["BB", "Bd", "dB", "dd"],  # and entry 0 becomes VALID for what then loads
    "zero": ["BD", "DB", "DD", "Dd", "dD"],
    "any": ["BT", "TB", "TT", "TD", "DT", "Td", "dT"],
}
CHOICE = {pair: choice for choice, pairs in PAIRS.items() for pair in pairs}
NEW, PENDING, VALID, INVALID, ABORTED, UNDEFINED = 0, 1, 2, 3, 4, 0xFFFFFFFF
AT_EVERY_BOOT = {PENDING: ABORTED}  # of both entries, with rollback
WHEN_SELECTED = {NEW: PENDING}
# (slots, the one to start with): the order of trying; f is the factory app.
ORDER = {
    (1, -1): "f0", (1, 0): "0f", (2, -1): "f01", (2, 0): "0f1", (2, 1): "10f",
    (3, -1): "f012", (3, 0): "0f12", (3, 1): "10f2", (3, 2): "210f",
}  # fmt: skip


def entry(raw):
    """(seq, crc_good, state) of the 32 bytes on flash."""
    seq, state, crc = struct.unpack("<I20xII", raw)
    return seq, crc == zlib.crc32(raw[:4], 0xFFFFFFFF), state


def kind(one):
    seq, crc_good, state = one
    if seq == 0xFFFFFFFF:
        return "B"
    if state in (INVALID, ABORTED):
        return "D" if crc_good else "d"
    return "L" if crc_good else "T"


def active(record):
    """Index of the active entry, or None."""
    found = {"entry 0": 0, "entry 1": 1, "higher": int(record[1][0] > record[0][0])}
    return found.get(CHOICE[kind(record[0]) + kind(record[1])])


def select(record, slots, rollback=True, factory=False):
    """(slot to start with or -1, first boot?, the writes [(index, entry)])."""
    record, writes = list(record), []

    def change(index, states):
        if rollback and record[index][2] in states:
            record[index] = (*record[index][:2], states[record[index][2]])
            writes.append((index, record[index]))

    change(0, AT_EVERY_BOOT)
    change(1, AT_EVERY_BOOT)
    chosen = active(record)
    if chosen is not None:
        change(chosen, WHEN_SELECTED)
        return (record[chosen][0] - 1) % 2**32 % slots, False, writes
    choice = CHOICE[kind(record[0]) + kind(record[1])]
    every = factory or choice == "any"
    return (-1 if every else 0), choice == "first" and not every, writes


def boot(record, good, slots, rollback=True, factory=False):
    """('0', '1', 'f', or None for a reset loop; the writes). good: the apps that load."""
    start, first, writes = select(record, slots, rollback, factory)
    tried = [app for app in ORDER[slots, start] if factory or app != "f"]
    found = next((app for app in tried if app in good), None)
    if first and found not in (None, "f"):
        writes.append((0, (int(found) + 1, True, VALID)))
    return found, writes


def set_boot(record, slot, slots, same_slot, rollback=True):
    """The one write that selects `slot`, whose image is good."""
    state, now = (NEW if rollback else UNDEFINED), active(record)
    if now is None:
        return [(0, (slot + 1, True, state))]
    seq = record[now][0]
    if same_slot == "rewrite_active" and (seq - 1) % 2**32 % slots == slot:
        return [(now, (seq, True, state))]
    while seq % slots != (slot + 1) % slots:
        seq += 1
    return [(1 - now, (seq, True, state))]


def mark_valid(record):
    """The write that confirms, [] when there is nothing to do, None when nothing is active."""
    now = active(record)
    if now is None or record[now][2] == VALID:
        return None if now is None else []
    return [(now, (*record[now][:2], VALID))]
