# The launcher: the only Python outside a slot. It is written at manufacture and never again, so
# everything here must be right for every release to come (firmware/SPEC.md, "Launcher").
# It checks the running slot's bundle, mounts it read-only, leaves and unmounts its own file
# system, and starts one program. What to start is one table, RULES.
# ruff: noqa: E402 - the watchdog comes before the other imports
import machine

WDT_MS = 60_000  # above the worst DNS wait
machine.WDT(timeout=WDT_MS)  # whatever fails from here on ends in a reset, not at the REPL

import binascii
import gc
import hashlib
import os
import struct
import sys
import time

import micropython
from esp32 import NVS, Partition

try:
    import vfs
except ImportError:  # before MicroPython v1.23
    vfs = os

REPL_MS = 900_000  # how long Ctrl-C stands the watchdog off
TRIAL_MS = 1_800_000  # a trial not confirmed by then is over
UPDATER_MS = 93_600_000  # 26 h: an updater must have completed by then
WORRY = 3  # unhealthy ends before the updater comes first
GIVE_UP = 5  # ends of the updater without completing before the other slot
PAUSE_S = 60  # between paced resets

PROGRAMS = ("", "app", "updater", "setup")
TRAILER = "<8sI32sII32s16s24sI"
MAGIC = b"SEESAW\x00\x01"
PENDING = 1
RECORD = "<4sBBBBBBHIIBBH8s24s96s"
PURPOSE = 1  # flag: the reset was meant
TRIAL = 2  # flag: written during a trial
PERSON = 4  # flag: somebody is at the REPL
DAMAGED, DEAF = 1, 2  # reasons to leave a slot

# First match wins; None matches anything.
RULES = (
    # trial, bundle, sick, deaf, other, note, worry -> start
    (True, False, None, None, None, None, None, "reset"),  # the bootloader rolls back
    (True, None, True, None, None, None, None, "reset"),  # one chance
    (True, None, None, None, None, True, None, "note"),
    (True, None, None, None, None, None, None, "updater"),
    (False, False, None, None, True, None, None, "other"),
    (False, False, None, None, False, None, None, "pause"),
    (False, None, None, True, True, None, None, "other"),
    (False, None, None, None, None, True, None, "note"),
    (False, None, None, None, None, None, True, "updater"),
    (False, None, None, None, None, None, None, "app"),
)


def decide(trial, bundle, unhealthy, deaf, other, note):
    """What to start. trial: the running entry is PENDING; bundle: the running one is intact;
    unhealthy, deaf: ends that count, and those of the updater; other: the other bundle is intact
    and was never refused; note: a hand-over that is to be believed."""
    # Every second time, so that neither a crashing app nor a crashing updater shuts out the other.
    worry = unhealthy >= WORRY and unhealthy % 2 == WORRY % 2
    facts = (trial, bundle, unhealthy > 0, deaf >= GIVE_UP, other, note, worry)
    for row in RULES:
        if all(want in (None, have) for want, have in zip(row, facts)):
            return row[7]
    return "pause"


class Bundle:
    """Block device over a slot's bundle; read only."""

    def __init__(self, part, offset, size):
        self.part = part
        self.offset = offset
        self.count = size // 512

    def readblocks(self, block, buf, off=0):
        at = self.offset + block * 512 + off
        self.part.readblocks(at // 4096, buf, at % 4096)

    def ioctl(self, op, arg):
        return self.count if op == 4 else 512 if op == 5 else 0


def trailer(part):
    """(runtime size, runtime hash, bundle offset, size, hash, board, version) or None."""
    size = part.info()[3]
    raw = bytearray(132)
    part.readblocks(size // 4096 - 1, raw)
    if raw[:8] != MAGIC or binascii.crc32(raw[:128]) != struct.unpack_from("<I", raw, 128)[0]:
        return None
    found = struct.unpack_from(TRAILER, raw)[1:8]
    fits = found[3] > 0 and found[2] + found[3] <= size - 4096
    return found if fits and not found[2] % 4096 and not found[3] % 512 else None


def intact(part, found):
    """Does the bundle hash to what the trailer says?"""
    if not found:
        return False
    hasher = hashlib.sha256()
    piece = bytearray(4096)
    for at in range(found[2], found[2] + found[3], 4096):
        end = min(4096, found[2] + found[3] - at)
        part.readblocks(at // 4096, piece)
        hasher.update(piece if end == 4096 else piece[:end])
    return hasher.digest() == found[4]


def entry_state(subtype):
    """otadata's word on a slot (0x10 or 0x11): the state of its newest good entry, or None."""
    best = state = None
    for part in Partition.find(Partition.TYPE_DATA, 0):
        raw = bytearray(32)
        for sector in (0, 1):
            part.readblocks(sector, raw)
            seq, seen, crc = struct.unpack_from("<I20xII", raw)
            good = seq != 0xFFFFFFFF and binascii.crc32(raw[:4], 0xFFFFFFFF) == crc
            good = good and seen not in (3, 4)  # INVALID, ABORTED
            if good and (seq - 1) % 2 == subtype - 16 and (best is None or seq > best):
                best, state = seq, seen
    return state


class Boot:
    """What a program is told about this boot, and how it leaves (firmware/SPEC.md, "Boot")."""

    def __init__(self):
        self.wdt = machine.WDT(timeout=WDT_MS)
        self.slot = Partition(Partition.RUNNING)
        self.other = self.slot.get_next_update()
        self.trailer = trailer(self.slot)
        self.bundle = self.trailer[4] if self.trailer else bytes(32)
        self.version = self.trailer[6].rstrip(b"\x00").decode() if self.trailer else "?"
        self.subtype = self.slot.info()[1]
        self.trial = entry_state(self.subtype) == PENDING
        self.cause = machine.reset_cause()
        self.rtc = machine.RTC()
        self.started = time.ticks_ms()
        self.timer = machine.Timer(0)
        self.load()

    def load(self):
        raw = self.rtc.memory()
        size = struct.calcsize(RECORD)
        good = len(raw) == size + 4 and raw[:4] == b"SEE1"
        # A brown-out looks like power-on and may keep RTC memory: it condemns nobody.
        good = good and self.cause != machine.PWRON_RESET
        good = good and binascii.crc32(raw[:size]) == struct.unpack_from("<I", raw, size)[0]
        if not good:
            raw = b"SEE1" + bytes(size - 4)
        found = struct.unpack_from(RECORD, raw)
        slot, self.unhealthy, flags, program, self.stage, words, self.nonce = found[1:8]
        left, self.pulse_ns, self.deaf, running, _, bundle, self.scratch, text = found[8:]
        # The record as the session before left it: (slot subtype, bundle, in trial, last words).
        said = "".join(chr(c) for c in text[:words])
        self.before = (slot, bundle, bool(flags & TRIAL), said) if good else None
        mine = slot == self.subtype and bundle == self.bundle[:8]
        soft = self.cause == machine.SOFT_RESET
        self.note = ""
        self.running = PROGRAMS[running % len(PROGRAMS)] if mine else ""
        if mine and soft and program < len(PROGRAMS) and bool(flags & TRIAL) == self.trial:
            self.note = PROGRAMS[program]
        # What was counted says nothing of another release, nor of a trial that begins.
        if not mine or (self.trial and not flags & TRIAL):
            self.unhealthy = self.deaf = 0
            self.scratch = bytes(24)
        elif not flags & PERSON and (
            self.cause == machine.WDT_RESET or not (self.note or flags & PURPOSE)
        ):
            self.count()
        if not self.note:
            self.stage = 0
            self.nonce = struct.unpack("<H", os.urandom(2))[0]
            if self.trial:
                left = TRIAL_MS
        self.left = left if mine or self.trial else UPDATER_MS
        self.words = ""
        self.save()

    def save(self, program="", flags=0):
        """The record; without a program or a flag it says: what ends now was not meant."""
        if self.trial:
            flags |= TRIAL
        words = bytes(ord(c) if " " <= c <= "~" else 63 for c in self.words[:96])
        raw = struct.pack(
            RECORD, b"SEE1", self.subtype, self.unhealthy, flags, PROGRAMS.index(program),
            self.stage, len(words), self.nonce, self.remaining(), self.pulse_ns, self.deaf,
            PROGRAMS.index(self.running), 0, self.bundle[:8], self.scratch, words,
        )
        self.rtc.memory(raw + struct.pack("<I", binascii.crc32(raw)))

    def elapsed(self):
        return time.ticks_diff(time.ticks_ms(), self.started)

    def remaining(self):
        return max(0, self.left - self.elapsed())

    def arm(self):
        left = max(1, self.remaining())
        # Periodic: an alarm that finds no memory to be handled in comes again.
        self.timer.init(mode=machine.Timer.PERIODIC, period=left, callback=self.missed)

    def missed(self, timer):
        try:
            self.running = "updater"  # whoever ran: it is the updater that did not complete
            self.unhealthy = max(self.unhealthy, WORRY - 1)  # and it comes first now
            self.left = UPDATER_MS + self.elapsed()
            self.crashed("deadline missed")
        except Exception:  # no memory for last words, as in a program that is stuck for it
            machine.reset()

    def count(self):
        """An unhealthy end of the program that ran."""
        # Even and odd take turns (decide), also when one byte is full.
        self.unhealthy = self.unhealthy + 1 if self.unhealthy < 255 else 254
        if self.running == "updater":
            self.deaf = min(self.deaf + 1, 255)

    def hand_over(self, program, stage=0):
        """Start another program in a fresh heap; never returns."""
        self.stage = stage
        self.words = ""
        self.save(program, PURPOSE)
        machine.soft_reset()

    def reset(self, words=""):
        """Reset the chip on purpose, leaving last words; never returns."""
        self.words = words
        self.save("", PURPOSE)
        machine.reset()

    def crashed(self, words):
        """As reset, and it counts against this release."""
        self.count()
        self.reset(words)

    def healthy(self):
        """The app has run well for a while. What the updater failed at stays counted."""
        self.unhealthy = 0
        self.save()

    def completed(self):
        """The updater ran to its end: another 26 hours, and it is not to blame."""
        self.unhealthy = min(self.unhealthy, WORRY)
        self.deaf = 0
        if not self.trial:
            self.left = UPDATER_MS + self.elapsed()
        self.save()

    def confirmed(self):
        """The trial is over and won: the ordinary deadline, and Ctrl-C again."""
        self.trial = False
        micropython.kbd_intr(3)
        self.completed()
        self.arm()

    def keep(self, pulse_ns):
        """Remember the servo's pulse, in ns, over resets (not over a power cut)."""
        self.pulse_ns = pulse_ns
        self.save()


def sign(boot, why):
    """Nothing to run: say so on the serial line and the LED, then reset, paced."""
    print("seesaw: cannot run:", why)
    try:
        led = machine.Pin(NVS("seesaw").get_i32("led"), machine.Pin.OUT)
    except OSError:
        led = None
    for second in range(PAUSE_S):
        if led:
            led.value(second & 1)
        boot.wdt.feed()
        time.sleep(1)
    boot.reset(why)


def rejected():
    """Bundles that were tried and refused: the first 8 bytes of each hash, newest first."""
    known = bytearray(128)
    try:
        return bytes(known[: NVS("seesaw").get_blob("rejected", known)])
    except OSError:
        return b""


def refused(found):
    known = rejected()
    return any(known[at : at + 8] == found[4][:8] for at in range(0, len(known), 8))


def leave(boot, reason):
    """Go to the other slot; NVS "left" keeps the reason code (SPEC, "NVS")."""
    if boot.before and boot.before[2]:  # it was there just now: two releases must not wear the
        sign(boot, "the other release failed its trial")  # boot record out between them
    try:
        store = NVS("seesaw")
        store.set_i32("left", reason)
        known = rejected()
        mine = boot.bundle[:8]
        if reason == DEAF and mine not in [known[at : at + 8] for at in range(0, len(known), 8)]:
            # or the other release would fetch this one again
            store.set_blob("rejected", (mine + known)[:64])
        store.commit()
    except OSError as error:
        print("seesaw: not noted:", error)  # NVS is full: going on matters more
    try:
        boot.other.set_boot()
    except OSError as error:
        sign(boot, "other slot refused: %r" % error)
    boot.reset("left slot, reason %d" % reason)


def main():
    global boot
    boot = Boot()
    if boot.trial:
        micropython.kbd_intr(-1)
    bundle = intact(boot.slot, boot.trailer)
    other = False
    if not boot.trial and (not bundle or boot.deaf >= GIVE_UP):
        found = trailer(boot.other)
        other = intact(boot.other, found) and not refused(found)
    action = decide(boot.trial, bundle, boot.unhealthy, boot.deaf, other, bool(boot.note))
    if action == "other":
        leave(boot, DEAF if bundle else DAMAGED)
    if action == "pause":
        sign(boot, "both bundles are damaged")
    if action == "reset":
        boot.reset("trial failed")
    boot.running = start = boot.note if action == "note" else action
    boot.save()
    device = Bundle(boot.slot, boot.trailer[2], boot.trailer[3])
    vfs.mount(vfs.VfsLfs2(device, readsize=32, progsize=32, lookahead=32), "/bundle", readonly=True)
    os.chdir("/bundle")
    vfs.umount("/")
    sys.path[:] = ["/bundle", ".frozen"]
    boot.arm()
    gc.collect()
    from seesaw.main import run

    run(boot, start)
    raise RuntimeError(start + " ended")


def fall(error):
    """A crash: last words, then a reset, paced unless a trial is on."""
    gc.collect()  # a full heap may be what it fell over
    try:
        sys.print_exception(error)
        if not boot or not boot.trial:
            time.sleep(min(2 ** (boot.unhealthy if boot else 5), PAUSE_S // 2))
        if boot:
            boot.crashed("%s: %s" % (type(error).__name__, error))
    except Exception:  # no memory for last words; the next start counts it all the same
        time.sleep(PAUSE_S // 2)
    machine.reset()


def person():
    """Ctrl-C, which is how mpremote arrives: fifteen minutes at the REPL, held against nobody."""
    machine.WDT(timeout=REPL_MS)
    if boot:
        boot.save("", PERSON)


boot = None
try:
    try:
        main()
    except Exception as error:  # SystemExit is not one: it carries the hand-over
        fall(error)
except KeyboardInterrupt:
    person()
