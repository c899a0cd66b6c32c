"""Faults of our own making, which the proof let pass when they were first planted: what takes its
time, what only some owners have, and what is used up little by little."""

from host_tools.prove.scenarios import (
    FOUND_AGAIN,
    LONG_NAMES,
    MANY,
    NEVER_LOOKS,
    NEXT,
    NO_PRICES,
    NO_UPDATES,
    STRIP,
    WEEK,
)
from host_tools.prove.zoo import Row

NVS = (
    "https://docs.espressif.com/projects/esp-idf/en/stable/esp32/api-reference/storage/"
    "nvs_flash.html"
)
ABUSE = "https://en.wikipedia.org/wiki/NTP_server_misuse_and_abuse"
MAIN = "    record = None\n"
SLOT = "    return Slot(updater.boot.other, "
OFTEN = """\
    from seesaw.update import otadata

    entry = otadata.active(updater.chip.otadata())
    often = entry and entry[0] > 3
    return Slot(updater.boot.slot if often else updater.boot.other, """
A_KEY = """\
    if boot.cause != 5:
        number = int(store.get("boots") or b"0") + 1
        try:
            store.put("boots", b"%d" % number)
            store.put("boot%d" % number, b"cause %d" % boot.cause)
        except OSError:
            pass
"""
A_LINE = """\
    if boot.cause != 5:
        import json

        found = json.loads(config.load(store))
        line = "cause %d, unhealthy %d, deaf %d" % (boot.cause, boot.unhealthy, boot.deaf)
        found["starts"] = found.get("starts", []) + [line]
        config.save(store, json.dumps(found).encode())
"""
HEX = '    if settings.get("ssid_hex"):\n'
LONGEST = '    if "ssid" in settings:\n        settings["ssid"] = settings["ssid"][:16]\n'
BEGIN = "        self.site.begin(seconds)\n"
SIGNED = """\
        now_s = (self.clock.epoch_s() + (1 << 31)) % (1 << 32) - (1 << 31)
        if now_s < 0:
            raise Nothing("the clock is not set")
"""
LOOK = "        ended = await self.attempt(self.look())\n"
AT_ONCE = """\
        for _ in range(300):
            ended = await self.attempt(self.look())
            self.say(*ended)
            if ended[0] != "hindered":
                break
            await asyncio.sleep_ms(100)
"""
CLOSES = "    finally:\n        await close(wire)\n"
PATIENT = "            wait_s = max(wait_s, min(_CLOSED_S, opens_s))\n        return wait_s\n"

ROWS = (
    Row("third-update", "after the third update the slot that runs is taken for the free one",
        "https://github.com/MicroPythonOS/MicroPythonOS/blob/main/CHANGELOG.md",
        "run", "wrong", (("seesaw/upgrade.py", SLOT, OFTEN),), (MANY,)),
    Row("past-2038", "the time in 32 bits with a sign: from 2038 on the clock is taken for not set",
        "https://en.wikipedia.org/wiki/Year_2038_problem",
        "run", "deaf", (("seesaw/updater.py", BEGIN, SIGNED + BEGIN),), (FOUND_AGAIN,)),
    Row("long-name-cut", "the Wi-Fi's name is cut off, where it is longer than the laboratory's",
        "https://docs.espressif.com/projects/esp-idf/en/stable/esp32/api-reference/network/"
        "esp_wifi.html",
        "world", "deaf", (("seesaw/config.py", HEX, LONGEST + HEX),), (LONG_NAMES,)),
    Row("a-key-a-boot", "each start is noted under a key of its own, until NVS is full", NVS,
        "world", "worn", (("seesaw/main.py", MAIN, A_KEY + MAIN),), (STRIP,)),
    Row("a-line-a-boot", "each start is noted in the settings, until they are too long to be read",
        NVS,
        "world", "hard brick", (("seesaw/main.py", MAIN, A_LINE + MAIN),), (STRIP,)),
    Row("hammers-prices", "a provider that fails is asked again at once, until it locks us out",
        ABUSE, "world", "worn",
        (("seesaw/feed.py", PATIENT, PATIENT.replace("return ", "return 1 if self._missed else ")),
         ("seesaw/feed.py", "self.choice.first(self.up_s())", "self.choice.current")),
        (NO_PRICES,)),
    Row("hammers-updates", "an update server that fails is asked again at once, by all devices",
        ABUSE, "world", "worn", (("seesaw/updater.py", LOOK, AT_ONCE),), (NO_UPDATES,)),
    Row("never-closed", "connections are kept and not closed: after some hours no socket is left",
        "https://docs.micropython.org/en/latest/library/socket.html",
        "run", "worn",
        (("seesaw/net/http.py", CLOSES, CLOSES.replace("await close(wire)", "LEFT.append(wire)")),
         ("seesaw/net/http.py", "class HttpError(", "LEFT = []\n\n\nclass HttpError(")),
        (NEXT,)),
    Row("never-completed", "the updater's end is not noted: after five deadlines a good release is "
        "left for the one before",
        "https://github.com/Ribbit-Network/ribbit-network-frog-software/pull/34",
        "world", "wrong", (("seesaw/updater.py", "        self.boot.completed()\n", ""),), (WEEK,)),
    Row("deadline-not-armed", "the launcher's deadline is armed in a trial alone: an app that "
        "never looks for a release is never replaced",
        "https://docs.micropython.org/en/latest/library/machine.Timer.html",
        "world", "deaf",
        (("launcher/main.py", "    boot.arm()\n    gc.collect()\n",
          "    if boot.trial:\n        boot.arm()\n    gc.collect()\n"),),
        (NEVER_LOOKS,)),
)  # fmt: skip
