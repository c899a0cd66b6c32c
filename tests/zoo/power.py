"""Flash, power and time: torn programs, partial erases, watchdogs, wear."""

from dataclasses import replace

from host_tools.prove.scenario import offering
from host_tools.prove.scenarios import NEXT
from host_tools.prove.zoo import Row, Waiting

NOR = "https://www.winbond.com/resource-files/w25q32jv%20revg%2003272018%20plus.pdf"
MCUBOOT = "https://github.com/mcu-tools/mcuboot/blob/main/docs/release-notes.md"
WEAR = "https://github.com/mendersoftware/mender-mcu/blob/main/docs/flashwear.md"
ONWARD = replace(NEXT, seconds=900, phases=())
INSTALLS = replace(ONWARD, name="installs", cuts=("install",))
NOTES = replace(ONWARD, name="notes", cuts=("data", "record"))
SLOW = replace(ONWARD, name="slow", until="time").on(flash_slow=9)
SPOILT = replace(ONWARD, name="spoilt", world=offering("fix", server="bundle-garbage"),
                 until="time", seconds=3600)  # fmt: skip
BROWN_OUT = replace(ONWARD, name="brown-out", until="time").on(brown_out="decayed")

BEGIN = "        self.part.ioctl(FLASH_ERASE, 0)\n"
PUT = "        self.part.ioctl(FLASH_ERASE, sector)\n"
BUNDLE_HASH = '        raise InstallError("the bundle\'s hash is wrong")\n'
RUNTIME_HASH = '        raise InstallError("the runtime\'s hash is wrong")\n'
UNREAD = (("seesaw/update/install.py", BUNDLE_HASH, "        pass\n"),
          ("seesaw/update/install.py", RUNTIME_HASH, "        pass\n"))  # fmt: skip
# A log of words in the slot's last sector but one, each programmed in place: the last one counts.
LOG = '''

def logged(part: object) -> list:
    raw = bytearray(SECTOR)
    part.readblocks(part.info()[3] // SECTOR - 2, raw)
    words = [int.from_bytes(raw[at : at + 4], "big") for at in range(0, SECTOR, 4)]
    return [word for word in words if word != 0xFFFFFFFF]


def log(part: object, word: int) -> None:
    at = 4 * len(logged(part))
    part.writeblocks(part.info()[3] // SECTOR - 2, word.to_bytes(4, "big"), at)


class Sink:
'''
LOGS = ("seesaw/update/install.py", "\n\nclass Sink:\n", LOG)
FIRST_LOOK = "        slot = Slot(self.boot.other, self.boot.wdt.feed)\n"
USES_LOG = ("seesaw/updater.py", "    install,\n", "    install,\n    log,\n    logged,\n")

ROWS = (
    Row("erase-longer-than-the-watchdog", "a worn slot takes longer to erase than the watchdog "
        "waits", "https://github.com/espressif/esp-idf/issues/578",
        "world", "hard brick",
        (("seesaw/update/install.py", BEGIN, "        for sector in range(self.size // SECTOR):\n"
          "            self.part.ioctl(FLASH_ERASE, sector)\n"),),
        (SLOW,)),
    Row("trusts-the-first-bytes", "a sector whose first bytes are blank is not erased", NOR,
        "torn", "wrong",
        (("seesaw/update/install.py", PUT,
          "        self.part.readblocks(sector, self._held)\n"
          "        if any(byte != 0xFF for byte in self._held[:256]):\n    " + PUT),),
        (INSTALLS,), needs="partial erases"),
    Row("trusts-a-blank-look", "a sector that reads as blank is not erased, and nothing is read "
        "back", NOR,
        "torn", "wrong",
        (("seesaw/update/install.py", PUT,
          "        self.part.readblocks(sector, self._held)\n"
          "        if any(byte != 0xFF for byte in self._held):\n    " + PUT), *UNREAD),
        (INSTALLS,), needs="partial erases"),
    Row("programs-without-erasing", "a slot is written again without an erase", NOR,
        "cut", "wrong",
        (("seesaw/update/install.py", PUT, ""),), (INSTALLS,)),
    Row("no-read-back", "what was written is never read: the next start finds out", MCUBOOT,
        "cut", "wrong",
        (*UNREAD, ("seesaw/update/install.py", '    raw = packed(made)\n    slot.begin()\n',
                   '    raw = packed(made)\n    slot.begin()\n    boot_first = slot.size\n'),
         ("seesaw/update/install.py", "        self.part.readblocks(sector, self._held)\n"
          "        return sector != 0 and self._held == data\n",
          "        self.part.readblocks(sector, self._held)\n"
          "        return sector != 0 and self._held[:64] == data[:64]\n")),
        (INSTALLS,)),
    Row("selected-before-verified", "the new slot is selected first and filled then: a reset in "
        "between starts what is there", MCUBOOT,
        "run", "wrong",
        (("seesaw/update/install.py", "    if slot.sha256(0, made.runtime_size)",
          "    slot.end()\n    slot.part.set_boot()\n"
          "    if slot.sha256(0, made.runtime_size)"),),
        (ONWARD,)),
    Row("present-by-its-trailer", "a slot counts as written once its trailer, written last but "
        "one, is there", MCUBOOT,
        "cut", "deaf",
        (("seesaw/update/install.py", "        slot.trailer() == packed(made)\n"
          "        and slot.sha256(0, made.runtime_size) == made.runtime_sha256\n"
          "        and slot.sha256(made.bundle_offset, made.bundle_size) == made.bundle_sha256\n",
          "        slot.trailer() == packed(made)\n"),),
        (INSTALLS,)),
    Row("newest-ever-in-place", "the newest version ever seen, a number programmed in place: torn, "
        "it is higher than any release will be",
        "https://docs.espressif.com/projects/esp-idf/en/stable/esp32/api-reference/system/ota.html"
        "#anti-rollback",
        "torn", "deaf",
        (LOGS, USES_LOG, ("seesaw/updater.py", FIRST_LOOK, FIRST_LOOK +
          '        seen = int(offer.version.replace(".", ""))\n'
          "        if seen < max(logged(slot.part) or [0]):\n"
          '            raise Nothing("older than one that was seen")\n'
          "        if seen not in logged(slot.part):\n            log(slot.part, seen)\n")),
        (INSTALLS,), needs="torn programs"),
    Row("tries-in-place", "a count of tries, programmed in place: torn, it has run out",
        "https://github.com/adafruit/circuitpython/issues/9335",
        "torn", "deaf",
        (LOGS, USES_LOG, ("seesaw/updater.py", FIRST_LOOK, FIRST_LOOK +
          "        tries = len(logged(slot.part)) and logged(slot.part)[-1]\n"
          "        if tries > 99:\n"
          '            raise Nothing("gave up")\n'
          "        log(slot.part, tries + 1)\n")),
        (INSTALLS,), needs="torn programs"),
    Row("resume-offset-in-place", "how far a download has come, programmed in place: torn, the "
        "rest is never written",
        "https://github.com/MicroPythonOS/MicroPythonOS/blob/main/CHANGELOG.md",
        "torn", "deaf",
        (LOGS, ("seesaw/update/install.py", PUT + "        self.part.writeblocks(sector, data, 0)\n",
          "        if sector < max(logged(self.part) or [0]):\n            return\n" + PUT +
          "        self.part.writeblocks(sector, data, 0)\n"
          "        if sector < self.size // SECTOR - 1:\n"
          "            log(self.part, sector + 1)\n")),
        (INSTALLS,), needs="torn programs"),
    Row("unbounded-retry", "a download that is never right is begun again at once, for ever", WEAR,
        "world", "worn",
        (("seesaw/updater.py",
          "                self.record.hindered(offer.bundle.sha256, str(error))\n", ""),),
        (SPOILT,)),
    Row("trusts-rtc-memory", "what stands in RTC memory after a brown-out is believed, bits lost "
        "and all", "https://github.com/espressif/esp-idf/issues/7335",
        "world", "?",
        (("launcher/main.py",
          "        good = good and self.cause != machine.PWRON_RESET\n"
          '        good = good and binascii.crc32(raw[:size]) == struct.unpack_from("<I", raw, '
          "size)[0]\n", ""),
         ("seesaw/app.py", "PULSE_MIN_NS <= boot.pulse_ns <= PULSE_MAX_NS", "boot.pulse_ns")),
        (BROWN_OUT,)),
)  # fmt: skip
WAITING = (
    Waiting("power-toggled-at-first-boots", "with flash encryption, an unstable supply at the "
            "first boots bricks the chip", "https://github.com/espressif/esp-idf/issues/13783",
            "its cause: disputed; a matter of eFuses"),
    Waiting("interrupt-during-a-write", "an interrupt handler in flash runs while flash is written",
            "https://github.com/pycom/pycom-micropython-sigfox/pull/278", "a board"),
)  # fmt: skip
