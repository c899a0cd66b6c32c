"""Network, server and market: answers that are none, and what the owner is shown."""

from dataclasses import replace

from host_tools.prove.scenario import Conditions, offering
from host_tools.prove.scenarios import FIRST_BOOT, NEXT, SCENARIOS
from host_tools.prove.zoo import Row, Waiting

ONWARD = replace(NEXT, seconds=900, phases=())
BUNDLE_HASH = '        raise InstallError("the bundle\'s hash is wrong")\n'
# Neither hash nor length of what came is looked at.
UNHASHED = ("seesaw/update/install.py", BUNDLE_HASH, "        pass\n")
UNCOUNTED = ("seesaw/repository.py", "            if sink.count == part.size:\n",
             "            if failure is None:\n")  # fmt: skip
PAGE = replace(ONWARD, name="page", world=offering("fix", server="bundle-404-page"), until="time")
CHUNKED = replace(ONWARD, name="chunked", world=offering("fix", server="bundle-chunked"),
                  until="time")  # fmt: skip
CUT_SHORT = replace(ONWARD, name="cut-short", world=offering("fix", server="bundle-truncated"),
                    until="time")  # fmt: skip
DARK = replace(FIRST_BOOT, name="dark", world=offering("", server="prices-hang"), until="time",
               seconds=3600, phases=())  # fmt: skip
# Over the next day's open, when the beam has far to go.
AROUND = replace(FIRST_BOOT, name="around", world=Conditions(wall_s=85_500), until="time",
                 seconds=900, phases=())  # fmt: skip

# The world lies about the time, for two minutes.
FORGED_TIME = replace(ONWARD, name="forged-time", world=offering("fix", network="clock-ahead"),
                      until="time", seconds=120)  # fmt: skip
FORGED = replace(ONWARD, name="forged", world=offering("fix", server="forged"), until="time")

RUN_AHEAD = next(one for one in SCENARIOS if one.name == "run-ahead")
TUF = "https://theupdateframework.github.io/specification/latest/"
VOUCHED = "        for by in (self.root, signed):\n"

ROWS = (
    Row("anyone-signs", "there is a key and a signature, and nobody ever checks the one with the "
        "other", "https://github.com/espressif/arduino-esp32/issues/12422",
        "world", "wrong",
        (("seesaw/update/trusted.py", "            if public not in good and _verifies(signed, "
          "signatures[keyid], key, pause):\n",
          "            if public not in good and signatures[keyid]:\n"),),
        (FORGED,)),
    Row("believes-the-clock", "one answer from the year 2036 is kept as the time: from then on all "
        "that is signed has expired",
        TUF,
        "world", "deaf",
        (("seesaw/updater.py", "        return max(built, known) or None\n",
          "        known = max(built, known, int(self.files.load('time') or b'0'))\n"
          "        self.files.save('time', b'%d' % known)\n        return known or None\n"),),
        (FORGED_TIME,)),
    Row("vouches-for-itself", "a new root is taken when it is signed with its own keys: whoever "
        "holds the server holds the fleet", f"{TUF}#update-root",
        "world", "wrong",
        (("seesaw/update/trusted.py", VOUCHED, VOUCHED.replace("self.root, signed", "signed,")),),
        (replace(FORGED, name="forged-root", world=offering("fix", server="forged-root")),)),
    Row("one-key", "one trusted key, in the firmware: once it was replaced, the fleet is lost",
        "https://github.com/espressif/esp-idf/issues/18915",
        "run", "deaf",
        (("seesaw/update/client.py", "        for _ in range(ROOTS_MAX):\n",
          "        for _ in range(0):\n"),),
        (ONWARD,)),
    Row("rotated-too-early", "the key is swapped before the release that knows the new one",
        "https://github.com/esphome/esphome/pull/17981",
        "run", "deaf",
        (("seesaw/update/client.py", "        trusted.now_s = now_s()\n",
          "        trusted.root = _trusted((root,), pause).root\n"
          "        trusted.now_s = now_s()\n"),),
        (ONWARD,)),
    Row("fast-forward", "a huge version number, accepted once, blocks all that follow, also after "
        "the stolen key was replaced", TUF,
        "world", "deaf",
        (("seesaw/update/trusted.py",
          '            signed = self._signed(raw or b"", name, name, self.root, 0)\n'
          "        except BadMetadata",
          '            signed = read(raw or b"", name)[0]\n        except BadMetadata'),),
        (RUN_AHEAD,)),
    Row("rollout-reaches-nobody", "a stage below all reaches no device at all",
        "https://pub.dev/packages/flutter_ota_kit/changelog",
        "run", "deaf",
        (("seesaw/update/choose.py",
          'if bucket(device, custom["version"], [] + rollout.get("early", [])) >= part:',
          "if part < _SHARE:"),),
        (ONWARD,)),
    Row("page-for-firmware", "a router answers with its page and status 200: it is written as "
        "firmware", "https://github.com/arendst/Tasmota/issues/7643",
        "world", "wrong", (UNHASHED, UNCOUNTED), (PAGE,)),
    Row("chunked-is-empty", "a proxy sends chunks: the length is taken for 0, the empty file for a "
        "success", "https://github.com/arduino/nina-fw/issues/144",
        "world", "wrong",
        (UNHASHED, UNCOUNTED, ("seesaw/net/http.py", "        await _chunks(wire, cap, sink)\n",
                    "        return\n")),
        (CHUNKED,)),
    Row("cut-short-is-complete", "the connection closes early: what came is taken for all of it",
        "https://github.com/mendersoftware/mender-mcu-client/pull/16",
        "world", "wrong",
        (UNHASHED, UNCOUNTED, ("seesaw/net/http.py",
                    '            raise HttpError("truncated", "%d bytes short" % length)\n',
                    "            return\n")),
        (CUT_SHORT,)),
    Row("says-live", "the provider is gone for an hour, and the owner is told LIVE",
        "https://github.com/tphakala/esp32-birdnet-mic/issues/56",
        "world", "dark",
        (("seesaw/core/market_state.py", "    made = _STATES[TABLE[what][market]]\n",
          '    made = "LIVE"\n'),),
        (DARK,)),
    Row("servo-jumps", "the beam goes to its place at once",
        "https://www.servocity.com/how-does-a-servo-work/",
        "run", "jerk",
        (("seesaw/beam.py", "            self.servo.pulse(self.motion.step())\n",
          "            self.motion.step()\n            self.servo.pulse(end)\n"),),
        (AROUND,)),
    Row("servo-out-of-range", "a change of scale, and no clamp: the servo is driven into its stop",
        "https://www.servocity.com/how-does-a-servo-work/",
        "run", "jerk",
        (("seesaw/core/tilt.py", "MAX_DEG = const(12.0)", "MAX_DEG = const(30.0)"),
         ("seesaw/core/tilt.py", "int(min(max(pulse_us, low_us), high_us) * 1000 + 0.5)",
          "int(pulse_us * 1000 + 0.5)"),
         ("seesaw/beam.py", "min(max(target_ns, self.low_ns), self.high_ns)", "target_ns")),
        (AROUND,)),
    Row("without-a-profile", "full speed from the first frame to the last",
        "https://www.servocity.com/how-does-a-servo-work/",
        "run", "jerk",
        (("seesaw/core/profile.py", "SPEED_MAX = const(25)", "SPEED_MAX = const(2500)"),
         ("seesaw/core/profile.py", "ACCELERATION_MAX = const(40)",
          "ACCELERATION_MAX = const(14434)")),
        (AROUND,)),
)  # fmt: skip
WAITING = (
    Waiting("anti-rollback-fuse", "the bootloader refuses the release that one rolls back to",
            "https://github.com/espressif/esp-idf/issues/6886", "eFuses, which we do not burn"),
)  # fmt: skip
