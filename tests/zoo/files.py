"""Settings and what else is kept: written in the wrong order, lost, or not understood."""

from dataclasses import replace

from host_tools.prove.scenario import offering
from host_tools.prove.scenarios import FACTORY_RESET, NEXT, UPDATE
from host_tools.prove.zoo import Row, Waiting

MAIN = "    record = None\n"
INISETUP = (
    "https://github.com/micropython/micropython/blob/master/ports/esp32/modules/"
    "inisetup.py"
)
NVS = (
    "https://docs.espressif.com/projects/esp-idf/en/stable/esp32/api-reference/storage/"
    "nvs_flash.html"
)
ONWARD = replace(NEXT, seconds=900, phases=())
MIGRATES = replace(UPDATE, name="migrates", phases=(), cuts=("record", "settings", "nvs"))
GARBAGE = replace(ONWARD, name="garbage", world=offering("fix", server="garbage"), until="time")


def saves(code: str) -> tuple[str, str, str]:
    """Once, in its trial, the candidate brings the settings into a new form."""
    indented = "".join(f"        {line}\n" for line in code.splitlines())
    return ("seesaw/main.py", MAIN,
            "    import json\n\n    found = json.loads(config.load(store))\n"
            '    if "schema" not in found:\n' + indented + MAIN)  # fmt: skip


ROWS = (
    Row("erased-before-written", "the settings are erased before the new ones are written",
        "https://github.com/espressif/esp-idf/issues/12505",
        "cut", "amnesia",
        (saves('found["schema"] = 2\nstore._nvs.erase_key("config")\n'
               'store.put("config", json.dumps(found).encode())'),),
        (MIGRATES,)),
    Row("migrated-in-two-steps", "two writes that belong together: the power goes in between", NVS,
        "cut", "amnesia",
        (saves('made = {"schema": 2, "ssid": found["ssid"], "password": found["password"]}\n'
               'store.put("config", json.dumps(made).encode())\nmade.update(found)\n'
               'store.put("config", json.dumps(made).encode())'),),
        (MIGRATES,)),
    Row("keys-lost", "the new schema keeps what it knows alone: the calibration is gone",
        "https://github.com/tbnobody/OpenDTU/issues/1613",
        "run", "amnesia",
        (saves('found = {"schema": 2, "ssid": found["ssid"], "password": found["password"]}\n'
               "config.save(store, json.dumps(found).encode())"),),
        (replace(UPDATE, until="time", phases=()),)),
    Row("meaning-changed", "a key means another thing since the SDK changed: the network is lost",
        "https://github.com/espressif/esp-idf/issues/3726",
        "run", "amnesia",
        (saves('found["schema"] = 2\nfound["password"] = found["password"].encode().hex()\n'
               "config.save(store, json.dumps(found).encode())"),),
        (replace(UPDATE, until="time", phases=()),)),
    Row("parses-what-it-kept", "an answer of the server is kept, and parsed at every start",
        "https://www.theregister.com/2020/07/18/samsung_bluray_mass_dieoff_explained/",
        "world", "hard brick",
        (("seesaw/update/client.py", "            trusted.update_root(raw)\n",
          '            self._store.save("answer", raw)\n            trusted.update_root(raw)\n'),
         ("seesaw/main.py", MAIN, "    from seesaw.port.files import Files\n"
          "    from seesaw.update.metadata import parse\n\n"
          '    files = Files(boot)\n    parse(files.load("answer") or b"[]")\n' + MAIN),
         ("seesaw/main.py", "Files(boot), carried_root()", "files, carried_root()")),
        (GARBAGE,)),
    Row("reset-forgets-the-maker", "a factory reset takes what no owner can give back: the address"
        " of updates", "https://en.wikipedia.org/wiki/Chromecast",
        "world", "deaf",
        (("seesaw/factory.py", 'MAKERS = ("update_url", ', "MAKERS = ("),),
        (FACTORY_RESET,)),
    Row("reset-erases-first", "a factory reset erases the settings, and the power goes before it is"
        " done", "https://github.com/espressif/esp-idf/issues/12505",
        "cut", "amnesia",
        (("seesaw/console.py",
          "                config.save(self.store, blob)\n",
          '                self.store._nvs.erase_key("config")\n'
          "                self.store._nvs.commit()\n"
          "                config.save(self.store, blob)\n"),),
        (FACTORY_RESET,)),
    Row("storage-filled-up", "a diary in NVS leaves no room for the record of a trial", NVS,
        "run", "deaf",
        (("seesaw/main.py", MAIN, '    from esp32 import NVS\n\n    diary = NVS("diary")\n'
          '    for day in range(500):\n        try:\n'
          '            diary.set_i32("day%d" % day, day)\n'
          "        except OSError:\n            break\n" + MAIN),),
        (ONWARD,)),
    Row("waits-at-the-prompt", "a crash ends at the prompt, without watchdog and reset",
        INISETUP,
        "run", "deaf",
        (("launcher/main.py", "machine.WDT(timeout=WDT_MS)  # whatever", "WDT_MS  # whatever"),
         ("launcher/main.py", "        self.wdt = machine.WDT(timeout=WDT_MS)\n",
          "        class Wdt:\n            def feed(self):\n                pass\n\n"
          "        self.wdt = Wdt()\n"),
         ("launcher/main.py", "        main()\n    except Exception as error:  # SystemExit is not "
          "one: it carries the hand-over\n        fall(error)\n",
          "        main()\n    except Exception as error:\n        sys.print_exception(error)\n"
          "        boot.timer.deinit()\n"),
         ("seesaw/app.py", "            if self.boot.trial:\n                self.judge()\n",
          "            if self.boot.trial:\n                self.judge()\n"
          "            elif self.clock.up_s() >= 15:\n                1 // 0\n")),
        (UPDATE,)),
    Row("modules-of-another-vm", "compiled for another MicroPython: an import error at every start",
        "https://github.com/micropython/micropython/issues/15356",
        "run", "refused",
        (("seesaw/app.py", "import asyncio\n",
          'raise ValueError("incompatible .mpy file")\nimport asyncio\n'),),
        (replace(UPDATE, name="trial", until="rejected", phases=()),)),
)  # fmt: skip
WAITING = (
    Waiting("file-system-rot", "the launcher's file system rots: a stock runtime waits for ever",
            "https://github.com/micropython/micropython/issues/5337", "a runtime of "
            "our own, which is made with a C toolchain and does not run in this emulator"),
)  # fmt: skip
