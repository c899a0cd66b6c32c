"""What is known of this device, as facts for a paste (seesaw.diag).

Each part is gathered by itself: one that fails costs that part alone, and is a fact too. No
password, key or name of a network is among them.
"""

import json

from seesaw.diag import paste

CAUSES = ("unknown", "power-on or brown-out", "reset or panic", "watchdog", "deep sleep",
          "hand-over")  # fmt: skip
SAFE = 3  # unhealthy ends in a row: as in seesaw.core.market_state
STATES = ("NEW", "PENDING", "VALID", "INVALID", "ABORTED")

class Facts:
    """program: the one that runs, with boot, settings, chip, clock and radio; of the app also feed,
    usage, beam and events. name: of the program. store: port.board.Store."""

    def __init__(self, program, name: str, store):
        self.program = program
        self.name = name
        self.boot = program.boot
        self.store = store

    def all(self) -> dict:
        found = {"program": self.name}
        for part in ("booted", "release", "update", "owners", "radio", "heap", "market", "beam",
                     "logged"):  # fmt: skip
            try:
                found.update(getattr(self, part)())
            except Exception as error:
                found["lost." + part] = "%s: %s" % (type(error).__name__, error)
        return found

    def paste(self) -> str:
        return paste(self.all(), self.secrets())

    def secrets(self) -> tuple:
        of = self.program.settings
        return (of["password"], of["ssid"], of["update_url"]) + tuple(of["keys"].values())

    # -- the parts ---------------------------------------------------------------------------

    def booted(self) -> dict:
        boot = self.boot
        before = boot.before
        cause = boot.cause if boot.cause < len(CAUSES) else 0
        return {
            "boot.cause": CAUSES[cause],
            "boot.unhealthy": boot.unhealthy,
            "boot.safe": _yes(boot.unhealthy >= SAFE),
            "boot.slot": boot.slot.info()[4],
            "boot.trial": _yes(boot.trial),
            "boot.last_words": before[3] if before else "",
            "boot.record": self.record(),
            "id": self.program.chip.device_id().hex()[-6:],
            "time.up_s": self.program.clock.up_s(),
            "time.epoch_s": self.program.clock.epoch_s() or "not set",
        }

    def record(self) -> str:
        """ESP-IDF's boot record: what it allows, then sequence and state of both entries."""
        from seesaw.update import otadata

        raw = self.program.chip.otadata()
        words = otadata.plan(raw, self.boot.subtype - 16)
        for at in (0, 32):
            seq = int.from_bytes(raw[at : at + 4], "little")
            state = int.from_bytes(raw[at + 24 : at + 28], "little")
            if seq != 0xFFFFFFFF:
                word = STATES[state] if state < len(STATES) else "UNDEFINED"
                words += ", %d %s" % (seq, word)
        return words

    def release(self) -> dict:
        from seesaw.data.maker import root

        boot = self.boot
        return {
            "release.version": boot.version,
            "release.board": boot.trailer[5].rstrip(b"\x00").decode(),
            "release.bundle": boot.bundle[:4].hex(),
            "release.root": root(),
        }

    def update(self) -> dict:
        kept = json.loads(self.store.get("update") or b"{}")
        trial = kept.get("trial")
        return {
            "update.server": _set(self.program.settings["update_url"]),
            "update.last": kept.get("last", ""),
            "update.failure": kept.get("failure", ""),
            "update.trial": trial["version"] if trial else "",
        }

    def owners(self) -> dict:
        of = self.program.settings
        found = {"wifi.set": _yes(of["ssid"]), "wifi.password": _set(of["password"])}
        for key in ("instrument", "poll_s", "check_s", "stream", "ntp"):
            found["set." + key] = of[key]
        if of["rotation"]:
            from seesaw.core.turn import names

            found["set.rotation"] = " ".join(names(of)[1:])
        found["set.keys"] = " ".join(sorted(of["keys"]))
        found["set.providers"] = " ".join(sorted(of["providers"]))
        return found

    def radio(self) -> dict:
        from seesaw.port import station

        status, rssi, channel, network = station.about()
        return {"wifi.joined": _yes(self.program.radio.joined()), "wifi.status": status,
                "wifi.rssi": rssi, "wifi.channel": channel, "wifi.subnet": network}  # fmt: skip

    def heap(self) -> dict:
        return {"memory.free": self.program.chip.memory_free()}

    def market(self) -> dict:
        feed = getattr(self.program, "feed", None)
        if not hasattr(feed, "choice"):  # the updater's is the watchdog's
            return {}
        quote, epoch_s = feed.last, self.program.clock.epoch_s()
        found = {
            "app.state": feed.state if self.program.said else "STARTING", "app.why": feed.why,
            "app.notice": self.program.notice, "feed.instrument": feed.instrument,
            "feed.provider": feed.provider, "feed.accepted": feed.accepted,
            "feed.silent_s": feed.silent_s,
            "feed.price": "%.2f of %.2f" % (quote.price, quote.baseline) if quote else "none",
            "feed.age_s": epoch_s - quote.time_s if quote and epoch_s else "",
            "feed.data": self.program.usage.name,
        }  # fmt: skip
        waits = feed.choice.waits(self.program.clock.up_s())
        for number, (wait_s, level, asked) in enumerate(waits):
            source = feed.sources[number]
            words = "%d failures, next in %d s" % (level, wait_s) if level or wait_s else "well"
            found["feed.%d.%s" % (number + 1, source.name)] = "%s%s %s" % (
                words, ", as it asked" if asked else "", source.why,
            )  # fmt: skip
        return found

    def beam(self) -> dict:
        beam = getattr(self.program, "beam", None)
        if not beam:
            return {}
        of = self.program.settings
        found = {"servo.us": beam.target_ns // 1000, "servo.level": _yes(beam.level()),
                 "servo.still": _yes(beam.still), "servo.quiet": _yes(beam.is_quiet())}  # fmt: skip
        for key in ("servo_pin", "power_pin", "button_pin", "center_us", "us_per_degree", "low_us",
                    "high_us", "approach_us", "sensitivity"):  # fmt: skip
            found["servo." + key] = of[key]
        return found

    def logged(self) -> dict:
        """Last words that were kept over resets, and events of this session."""
        from seesaw import lastwords

        found = {}
        for number, words in enumerate(lastwords.read(self.store)):
            found["log.crash%d" % number] = words
        for number, words in enumerate(getattr(self.program, "events", ())):
            found["log.event%d" % number] = words
        return found


def _yes(fact: object) -> str:
    return "yes" if fact else "no"


def _set(fact: object) -> str:
    return "set" if fact else "not set"
