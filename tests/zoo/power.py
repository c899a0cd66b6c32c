"""Flash, power and time: torn programs, partial erases, watchdogs, wear."""

from dataclasses import replace

from host_tools.prove.scenario import Scenario, offering
from host_tools.prove.scenarios import NEXT
from host_tools.prove.zoo import Row, Waiting

NOR = "https://www.winbond.com/resource-files/w25q32jv%20revg%2003272018%20plus.pdf"
MCUBOOT = "https://github.com/mcu-tools/mcuboot/blob/main/docs/release-notes.md"
WEAR = "https://github.com/mendersoftware/mender-mcu/blob/main/docs/flashwear.md"
ONWARD = replace(NEXT, seconds=900, phases=())
# A slot full of noise, so that no byte of it is right by chance.
NOISE = Scenario("noise", "rubbish was tried and rejected", offering("0.2.1-rubbish"),
                 start="candidate", until="rejected")  # fmt: skip
INSTALLS = replace(ONWARD, name="installs", before=(NOISE,), cuts=("install",))
NOTES = replace(ONWARD, name="notes", cuts=("phy_init",))
SLOW = replace(ONWARD, name="slow", until="time").on(flash_slow=9)
SPOILT = replace(ONWARD, name="spoilt", world=offering("fix", server="bundle-garbage"),
                 until="time", seconds=3600)  # fmt: skip

BEGIN = "        self.part.ioctl(FLASH_ERASE, 0)\n"
PUT = "        self.part.ioctl(FLASH_ERASE, sector)\n"
BUNDLE_HASH = '        raise InstallError("the bundle\'s hash is wrong")\n'
RUNTIME_HASH = '        raise InstallError("the runtime\'s hash is wrong")\n'
UNREAD = (("seesaw/update/install.py", BUNDLE_HASH, "        pass\n"),
          ("seesaw/update/install.py", RUNTIME_HASH, "        pass\n"))  # fmt: skip
# A log of words where nothing else writes, each programmed in place: the last one counts.
LOG = '''

def notes() -> object:
    from esp32 import Partition

    return Partition.find(Partition.TYPE_DATA, label="phy_init")[0]


def logged() -> list:
    raw = bytearray(SECTOR)
    notes().readblocks(0, raw)
    words = [int.from_bytes(raw[at : at + 4], "big") for at in range(0, SECTOR, 4)]
    return [word for word in words if word != 0xFFFFFFFF] or [0]


def log(word: int) -> None:
    notes().writeblocks(0, word.to_bytes(4, "big"), 4 * len([w for w in logged() if w]))


class Sink:
'''
LOGS = ("seesaw/update/install.py", "\n\nclass Sink:\n", LOG)
FIRST_LOOK = (
    '    updater.say("offer", offer.version)\n'
    "    slot = _other(updater)\n"
)
USES_LOG = ("seesaw/upgrade.py", "import Slot, holds,", "import Slot, log, logged, holds,")

ROWS = (
    Row("erase-longer-than-the-watchdog", "a worn slot takes longer to erase than the watchdog "
        "waits", "https://github.com/espressif/esp-idf/issues/578",
        "world", "worn",
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
        "run", "wrong",
        (("seesaw/update/install.py", PUT, ""),), (INSTALLS,)),
    Row("selected-before-verified", "the new slot is selected first and filled then: a reset in "
        "between starts what is there", MCUBOOT,
        "run", "wrong",
        (("seesaw/update/install.py", "    slot.end()\n", ""),
         ("seesaw/update/install.py", "    await _fetch(offer.bundle,",
          "    slot.end()\n    slot.part.set_boot()\n    await _fetch(offer.bundle,")),
        (ONWARD,)),
    Row("present-by-its-trailer", "a slot counts as written once its trailer, written last but "
        "one, is there", MCUBOOT,
        "cut", "wrong",
        (("seesaw/update/install.py", "        trailer.read(slot.part) == trailer.pack(*made)\n"
          "        and slot.sha256(0, made.runtime_size) == made.runtime_sha256\n"
          "        and slot.sha256(made.bundle_offset, made.bundle_size) == made.bundle_sha256\n",
          "        trailer.read(slot.part) == trailer.pack(*made)\n"),),
        (INSTALLS,)),
    Row("newest-ever-in-place", "the newest version ever seen, a number programmed in place: torn, "
        "it is higher than any release will be",
        "https://docs.espressif.com/projects/esp-idf/en/stable/esp32/api-reference/system/ota.html"
        "#anti-rollback",
        "torn", "deaf",
        (LOGS, USES_LOG, ("seesaw/upgrade.py", FIRST_LOOK, FIRST_LOOK +
          '    seen = int(offer.version.replace(".", ""))\n'
          "    if seen < max(logged()):\n"
          '        raise InstallError("older than one that was seen")\n'
          "    if seen not in logged():\n        log(seen)\n")),
        (NOTES,), needs="torn programs"),
    Row("tries-in-place", "a count of tries, programmed in place: torn, it has run out",
        "https://github.com/adafruit/circuitpython/issues/9335",
        "torn", "deaf",
        (LOGS, USES_LOG, ("seesaw/upgrade.py", FIRST_LOOK, FIRST_LOOK +
          "    tries = max(logged())\n"
          "    if tries > 99:\n"
          '        raise InstallError("gave up")\n'
          "    log(tries + 1)\n")),
        (NOTES,), needs="torn programs"),
    Row("resume-offset-in-place", "how far a download has come, programmed in place: torn, the "
        "rest is never written",
        "https://github.com/MicroPythonOS/MicroPythonOS/blob/main/CHANGELOG.md",
        "torn", "deaf",
        (LOGS, ("seesaw/update/install.py",
          PUT + "        self.part.writeblocks(sector, data, 0)\n",
          "        if sector < max(logged()):\n            return\n" + PUT +
          "        self.part.writeblocks(sector, data, 0)\n"
          "        if sector < self.size // SECTOR - 1:\n"
          "            log(sector + 1)\n")),
        (NOTES,), needs="torn programs"),
    Row("unbounded-retry", "a download that is never right is begun again at once, for ever", WEAR,
        "world", "worn",
        (("seesaw/upgrade.py", "            updater.record.hindered(offer.bundle.sha256, "
          "str(error), offer.version)\n", ""),),
        (SPOILT,)),
)  # fmt: skip
WAITING = (
    Waiting("power-toggled-at-first-boots", "with flash encryption, an unstable supply at the "
            "first boots bricks the chip", "https://github.com/espressif/esp-idf/issues/13783",
            "its cause: disputed; a matter of eFuses"),
    Waiting("interrupt-during-a-write", "an interrupt handler in flash runs while flash is written",
            "https://github.com/pycom/pycom-micropython-sigfox/pull/278", "a board"),
)  # fmt: skip
