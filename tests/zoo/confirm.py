"""Confirm and rollback: updates that were kept too early, too late, or never."""

from dataclasses import replace

from host_tools.errors import UserError
from host_tools.fleet import simulate
from host_tools.prove.scenario import Scenario, offering
from host_tools.prove.scenarios import NEXT, ROLLBACK, UPDATE
from host_tools.prove.zoo import Row, Waiting

IDF = "https://github.com/espressif/esp-idf/issues/"
OTA = "https://docs.espressif.com/projects/esp-idf/en/stable/esp32/api-reference/system/ota.html"

REJECTED = replace(UPDATE, name="trial", until="rejected", phases=())
UNPROVEN = replace(UPDATE, name="trial", until="interrupted", phases=())
AGAIN = replace(ROLLBACK, name="again", until="time", seconds=3 * 3600, phases=())
FLASHER = replace(UPDATE, name="flasher", world=offering("candidate", owner="provisions"),
                  until="rejected", phases=())  # fmt: skip
OUTAGE = replace(NEXT, name="outage", world=offering("fix", network="lost-in-trial"),
                 until="time", seconds=1800, phases=())  # fmt: skip
NO_ROLLBACK = replace(UPDATE, name="no-rollback", phases=()).on(rollback=False)
IN_TRIAL = replace(NEXT, name="in-trial", cuts=("boot", "confirm"))
RECORDS = replace(NEXT, name="records", cuts=("set_boot", "boot", "confirm"))
FALLEN = Scenario(
    "fallen", "the runtime of the release after the candidate rots: the candidate runs again",
    offering("fix", rot="ota_1:runtime"), start="candidate", before=(NEXT,), until="time",
    seconds=1800,
)  # fmt: skip


SOLD, DAYS = 60_000, 10  # devices; after a week all of them may have it


def rolled_out(percent: float) -> object:
    """A release on the ordinary plan, over a fleet of which it fails one batch of hardware.
    percent: its share. UserError when the rule stopped it before a quarter of that batch had it."""
    fault = simulate.Fault(percent, 100)
    found = simulate.figures(simulate.simulate(SOLD, DAYS, simulate.Plan(), fault, 1), fault)
    if found["stopped"] and found["failed_by_the_fault"] * 4 < found["would_fail"]:
        raise UserError("the release", f"it failed {found['failed_by_the_fault']} of the "
                        f"{found['would_fail']} devices that it would fail", "mend it")  # fmt: skip
    return found


LOOK_PATH = ('"metadata/"', '"meta/"')
MAIN = "    radio = chip.Radio()\n"
# What failed once is never tried again.
FOR_EVER = ("seesaw/update/record.py", "        known[_WAIT] -= 1\n",
            "        known[_WAIT] -= 0 if rejected else 1\n")  # fmt: skip

ROWS = (
    Row("listens-in-a-trial", "what comes on the serial line ends the trial: with a web flasher"
        " open the release is never kept",
        "https://docs.micropython.org/en/latest/library/micropython.html#micropython.kbd_intr",
        "world", "refused",
        (("seesaw/line.py", "        if piece and not program.boot.trial:\n",
          "        if piece:\n"),),
        (FLASHER,)),
    Row(
        "never-confirmed", "the call that keeps the release was lost in a refactoring: every good "
        "update un-installs itself at the next reset",
        "https://github.com/Ribbit-Network/ribbit-network-frog-software/pull/34",
        "run", "refused",
        (("seesaw/judge.py", 'return "confirm"', 'return "wait"'),), (REJECTED,),
    ),
    Row(
        "confirmed-before-online", "kept as soon as it has booted, and it cannot reach its server",
        "https://github.com/ruuvi/ruuvi.gateway_esp.c/issues/531",
        "run", "wrong",
        (
            ("seesaw/updater.py", "            await prove(self)\n", ""),
            ("seesaw/repository.py", *LOOK_PATH),
        ),
        (UPDATE,),
    ),
    Row(
        "confirmed-by-the-core", "the platform marks every boot as good before the program starts",
        "https://github.com/esphome/esphome/pull/11300",
        "run", "wrong",
        (
            ("seesaw/main.py", MAIN, MAIN + "    if boot.trial:\n        chip.mark_valid()\n"),
            ("seesaw/repository.py", *LOOK_PATH),
        ),
        (UPDATE,),
    ),
    Row(
        "unreachable-held-back", "the new release finds no host; a trial that needs one holds it",
        "https://github.com/ruuvi/ruuvi.gateway_esp.c/issues/531",
        "run", "refused",
        (("seesaw/repository.py", 'self._base + "/" + url', '"http://nowhere/" + url'),),
        (UNPROVEN,),
    ),
    Row(
        "bootloader-without-rollback", "made for a bootloader that rolls back, fielded with one "
        "that does not: the trial is none", IDF + "7859",
        "world", "deaf",
        (("seesaw/repository.py", *LOOK_PATH),), (NO_ROLLBACK,),
    ),
    Row(
        "asleep-before-confirm", "it goes to sleep before the end of its trial: each update rolls "
        "back", "https://github.com/esphome/esphome/pull/17699",
        "run", "refused",
        (("seesaw/ontrial.py", '    if verdict == "wait":\n        return\n',
          '    if up_s >= 5:\n        boot.reset("sleep")\n'
          '    if verdict == "wait":\n        return\n'),),
        (REJECTED,),
    ),
    Row(
        "confirms-from-fall-back", "the old release, fallen back to, confirms: the entry of the "
        "damaged slot is marked valid for ever, and only resets follow",
        "https://github.com/ruuvi/ruuvi.gateway_esp.c/pull/1283",
        "world", "deaf",
        (
            ("seesaw/main.py", MAIN, MAIN + "    chip.mark_valid()\n"),
            ("seesaw/update/otadata.py", '(False, VALID): "heal"', '(False, VALID): "reset"'),
        ),
        (FALLEN,),
    ),
    Row(
        "erases-its-way-back", "in its trial it erases the other slot to be quicker later, then "
        "crashes: nothing is left to roll back to", OTA,
        "run", "wrong",
        (("seesaw/proof.py", '    updater.say("prove")\n',
          '    updater.say("prove")\n    updater.boot.other.ioctl(6, 0)\n    1 // 0\n'),
         ("seesaw/updater.py", "        ended = await self.attempt(self.look())\n",
          "        1 // 0\n"),
         ("seesaw/app.py", "import asyncio\n", "1 // 0\n")),
        (replace(UPDATE, until="time", phases=()),),
    ),
    Row(
        "ping-pong", "install, crash, roll back, and the server offers the same release again",
        "https://github.com/espressif/esp-rainmaker/blob/master/components/esp_rainmaker/"
        "Kconfig.projbuild",
        "run", "worn",
        (("seesaw/update/record.py",
          "        if not known[_WAIT]:\n            return False\n", "        return False\n"),),
        (AGAIN,),
    ),
    Row(
        "power-cut-condemns", "a power cut in the first boot counts as a failure: the good release "
        "is rejected for ever", "https://github.com/esphome/esphome/issues/16762",
        "cut", "deaf",
        (("seesaw/update/record.py", 'record.interrupted(before[3] if mine else "power")',
          'record.failed("power")'), FOR_EVER),
        (IN_TRIAL,),
    ),
    Row(
        "brown-out-condemns", "RTC memory outlives a brown-out in the first boot, and what stands "
        "there counts as a crash: the good release is rejected for ever",
        "https://github.com/esphome/esphome/issues/16762",
        "cut", "deaf",
        (("launcher/main.py", "        good = good and self.cause != machine.PWRON_RESET\n", ""),
         FOR_EVER),
        (IN_TRIAL,),
    ),
    Row(
        "outage-condemns", "the network was out in the trial: the good release is rejected for "
        "ever",
        "https://github.com/espressif/esp-rainmaker/blob/master/components/esp_rainmaker/"
        "Kconfig.projbuild",
        "world", "deaf",
        (("seesaw/update/record.py", "not before[3].startswith(UNPROVEN)", "before[3]"), FOR_EVER),
        (OUTAGE,),
    ),
    Row(
        "fifteen-percent", "only some hardware fails, so the laboratory passes, and so does the "
        "proof of one device",
        "https://github.com/syssi/esphome-jk-bms/issues/874",
        "fleet", "refused", build=lambda: rolled_out(15),
    ),
)  # fmt: skip
WAITING = (
    Waiting("wrong-slot-after-panic", "boots the wrong slot after a panic", IDF + "15552",
            "its cause: not known"),
)  # fmt: skip
