"""The new version's own updater is broken: it can never be replaced."""

from dataclasses import replace

from host_tools.prove.scenarios import NEXT, UPDATE
from host_tools.prove.zoo import Row

ENERGY = "https://github.com/jibrilsharafi/EnergyMe-Home/issues/"
REJECTED = replace(UPDATE, name="trial", until="rejected", phases=())
UNPROVEN = replace(UPDATE, name="trial", until="interrupted", phases=())
ONWARD = replace(NEXT, seconds=900, phases=())
INSTALL = (
    "            await install("
    "offer, slot, boot.slot, same, lambda *what: download(updater, *what))\n"
)
COMPARE = "        if order > here:\n"
RUN = "    async def run(self) -> None:\n        \"\"\"Never returns"

ROWS = (
    Row(
        "no-memory-for-the-download", "more is in use than before, and no block is left for any "
        "download, not even of a downgrade", ENERGY + "237",
        "run", "hard brick",
        (("seesaw/upgrade.py", INSTALL,
          '            raise MemoryError("allocating 4096 bytes")\n'),),
        (ONWARD,),
    ),
    Row(
        "no-memory-and-swallowed", "the same, taken for a failure of the server that will pass",
        ENERGY + "191",
        "run", "deaf",
        (("seesaw/upgrade.py", INSTALL, '            raise InstallError("download_failed")\n'),),
        (UPDATE,),
    ),
    Row(
        "memory-floor", "a picture of 90 kB is kept: the trial sees what is left",
        "https://github.com/jibrilsharafi/EnergyMe-Home/pull/239",
        "run", "refused",
        (("seesaw/port/board.py", "return gc.mem_free()", "return gc.mem_free() - 90000"),),
        (REJECTED,),
    ),
    Row(
        "refuses-its-successors", "its validator takes the releases of its own time alone: the fix "
        "cannot reach it", "https://github.com/renjfk/OpenNeato/issues/93",
        "run", "deaf",
        (("seesaw/update/offer.py", "        self.board = board\n",
          '        self.board = board\n        if self.version >= "0.3":\n'
          '            raise BadOffer("version")\n'),),
        (UPDATE,),
    ),
    Row(
        "versions-as-text", "1.6.0 is taken for newer than 1.11.0",
        "https://github.com/emfcamp/badge-2024-software/issues/274",
        "run", "deaf",
        (("seesaw/update/choose.py", COMPARE, "        if name > version:\n"),), (ONWARD,),
        ("0.8.0", "0.9.0", "0.10.0"),
    ),
    Row(
        "versions-as-fractions", "3.10 is taken for 3.1",
        "https://github.com/sparkfun/SparkFun_RTK_Firmware/issues/742",
        "run", "deaf",
        (("seesaw/update/choose.py", COMPARE, "        if float(name) > float(version):\n"),),
        (ONWARD,), ("3.8", "3.9", "3.10"),
    ),
    Row(
        "pre-releases-as-text", "alpha10 is taken for older than alpha9",
        "https://github.com/screentinker/screentinker/pull/270",
        "run", "deaf",
        (("seesaw/core/version.py", "not pre, _runs(pre)", "not pre, pre"),), (ONWARD,),
        ("1.0-alpha8", "1.0-alpha9", "1.0-alpha10"),
    ),
    Row(
        "sdk-broke-set-boot", "an SDK's regression: the other slot cannot be selected any more",
        "https://github.com/espressif/esp-idf/issues/13497",
        "run", "deaf",
        (("seesaw/update/install.py", "        boot.other.set_boot()\n",
          '        raise OSError(-1, "ESP_FAIL")\n'),),
        (ONWARD,),
    ),
    Row(
        "asks-where-nothing-is", "the address of its offers does not exist, which nobody noticed: "
        "its trial asks elsewhere",
        "https://github.com/TigerTag-Project/Tiger-Scale-V3/issues/5",
        "run", "deaf",
        (
            ("seesaw/updater.py", "        self.site.begin(seconds)\n",
             "        self.site.begin(seconds)\n        if not self.boot.trial:\n"
             '            self.site._base += "/wrover"\n'),
        ),
        (UPDATE,),
    ),
    Row(
        "settings-migrated-one-way", "it brings the settings into a new form, then fails: the "
        "release before cannot read them",
        "https://github.com/littlefs-project/littlefs/issues/825",
        "run", "amnesia",
        (
            ("seesaw/main.py", "    record = None\n",
             '    if boot.trial:\n        config.save(store, b\'{"schema": 2}\')\n        1 // 0\n'
             "    record = None\n"),
        ),
        (replace(UPDATE, until="time", phases=()),),
    ),
    Row(
        "recovery-runs-the-crash", "safe mode starts the very part that crashes, once it is "
        "confirmed", "https://github.com/adafruit/circuitpython/issues/9335",
        "run", "hard brick",
        (
            ("seesaw/updater.py", RUN, '    async def run(self) -> None:\n'
             '        if not self.boot.trial:\n            1 // 0\n        """Never returns'),
            ("seesaw/app.py", "    async def run(self) -> None:\n",
             "    async def run(self) -> None:\n        if not self.boot.trial:\n"
             "            1 // 0\n"),
        ),
        (replace(ONWARD, until="time"),),
    ),
    Row(
        "app-first-for-ever", "the app crashes before it hands over to the updater, and the "
        "launcher always starts the app first",
        "https://github.com/adafruit/circuitpython/issues/9335",
        "run", "deaf",
        (
            ("launcher/main.py",
             '    (False, None, None, None, None, None, True, "updater"),\n', ""),
            ("seesaw/app.py", "            if self.boot.trial:\n                self.judge()\n",
             "            if self.boot.trial:\n                self.judge()\n"
             "            elif self.clock.up_s() >= 15:\n                1 // 0\n"),
        ),
        (UPDATE,),
    ),
    Row(
        "needs-the-app-to-join", "the updater counts on a network that the app has joined",
        "https://github.com/jibrilsharafi/EnergyMe-Home/issues/191",
        "run", "refused",
        (("seesaw/updater.py", "        await self.join()\n", ""),), (UNPROVEN,),
    ),
    Row(
        "takes-the-hand-over-for-a-crash", "a handler that catches everything catches the "
        "soft reset too: every hand-over counts against the release",
        "https://docs.micropython.org/en/latest/library/machine.html#machine.soft_reset",
        "run", "hard brick",
        (("launcher/main.py", "    except Exception as error:  # SystemExit",
          "    except BaseException as error:  # SystemExit"),),
        (UPDATE,),
    ),
    Row(
        "watchdog-fed-by-a-timer", "a timer feeds the watchdog, so nobody sees that all else hangs",
        "https://docs.micropython.org/en/latest/library/machine.WDT.html",
        "run", "deaf",
        (
            ("launcher/main.py", "    boot.arm()\n    gc.collect()",
             "    machine.Timer(1).init(mode=machine.Timer.PERIODIC, period=10000,\n"
             "                          callback=lambda timer: boot.wdt.feed())\n"
             "    boot.arm()\n    gc.collect()"),
            ("seesaw/app.py", "            if self.boot.trial:\n                self.judge()\n",
             "            if self.boot.trial:\n                self.judge()\n"
             "            elif self.clock.up_s() >= 15:\n                import time\n"
             "                while True:\n                    time.sleep(5)\n"),
        ),
        (UPDATE,),
    ),
)  # fmt: skip
