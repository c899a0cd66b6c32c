"""The commands of the serial console (firmware/SPEC.md, "Console"): one table, one method each.

They look; only the last two and `log level` change anything, and `update now` has it look sooner.
A command begins when the beam is still, and is over, or has given way, before a frame could be
late.
"""

import json

from micropython import const

from seesaw import config
from seesaw.diag import verdict
from seesaw.facts import Facts
from seesaw.typed import still

_ANSWER_S = const(60)  # for a question to be answered
_LOOK_S = 1 << 30  # since the last look: it is due

COMMANDS = (
    ("help", "what there is"),
    ("status", "is all well, and what does it show?"),
    ("wifi", "the network"),
    ("feed", "the market, and how each provider does"),
    ("servo", "the beam"),
    ("update", "releases; 'update now' looks for one"),
    ("log", "last words, and events; 'log warning': these and worse; 'log level debug': said live"),
    ("selftest", "does all of it work? The beam moves"),
    ("diag", "all of it in one paste for support, without secrets"),
    ("maintenance", "stop, for mpremote: 15 minutes at the prompt, then it starts again"),
    ("factory-reset", "forget the owner: Wi-Fi, market, quiet hours; asks twice"),
)
SHOWN = {  # how the names of the facts begin
    "wifi": ("wifi.",),
    "feed": ("app.", "feed.", "time."),
    "servo": ("servo.",),
    "update": ("update.", "release.", "boot.record", "boot.slot"),
    "log": ("log.", "boot.last_words", "boot.cause"),
}
LATER = "not now: it looks for a release; the app follows"
QUESTIONS = ("This forgets Wi-Fi, market and quiet hours. Type: yes", "Really? Type: forget")


class Console:
    """program: the one that runs. name: of it."""

    def __init__(self, program, name: str):
        self.program = program
        self.name = name
        self.store = program.chip.Store()
        self.asked = 0  # questions of factory-reset that were asked
        self._until_s = 0  # then no answer counts any more

    async def take(self, line: str) -> None:
        """One line. Raises KeyboardInterrupt to go to the prompt."""
        print("> " + line)
        line = line.strip()
        step, self.asked = self.asked, 0
        if step and self.program.clock.up_s() < self._until_s:
            await self.answered(step, line)
            return
        word, _, more = line.partition(" ")
        await still(self.program)
        if word in SHOWN and not more:
            self.show(SHOWN[word])
        elif word == "log" and await self.logged(more):
            pass
        elif word in ("help", "status", "diag") and not more:
            getattr(self, word)()
        elif word == "maintenance" and not more:
            await self.maintenance()
        elif line == "factory-reset":
            self.ask(1)
        elif line == "update now" and self.name == "app":
            self.program.since_s = _LOOK_S
            print("it looks within some seconds")
        elif word == "selftest" and self.name == "app" and not more:
            from seesaw.checkup import checkup

            await checkup(self.program, self.store)
        elif word:
            names = " ".join([name for name, _ in COMMANDS])
            print("there is no '%s' in the %s; there is: %s" % (line, self.name, names))

    def facts(self) -> Facts:
        return Facts(self.program, self.name, self.store)

    def help(self) -> None:
        for name, words in COMMANDS:
            print("%-14s %s" % (name, words))

    def status(self) -> None:
        facts = self.facts().all()
        print(verdict(facts))
        for key in ("program", "app.state", "app.why", "app.notice", "feed.instrument",
                    "feed.price", "boot.unhealthy", "release.version", "time.up_s"):  # fmt: skip
            if facts.get(key) not in (None, ""):
                print("%s: %s" % (key, facts[key]))

    def show(self, starts: tuple, wanted=None) -> None:
        """wanted(key, value): is it? None for all."""
        facts = self.facts().all()
        for key in sorted(facts):
            mine = any(key.startswith(start) for start in starts) and facts[key] != ""
            if mine and (wanted is None or wanted(key, facts[key])):
                print("%s: %s" % (key, facts[key]))

    # -- levels --------------------------------------------------------------------------------

    async def logged(self, more: str) -> bool:
        """`log LEVEL`, `log level` and `log level LEVEL`; False for any other."""
        from seesaw import levels

        first, _, second = more.partition(" ")
        if more in levels.LEVELS:
            self.show(SHOWN["log"], levels.least(more))
        elif more == "level":
            print("level: " + levels.parsed(config.read(config.load(self.store))))
        elif first == "level" and second in levels.LEVELS:
            await self.level(levels, second)
        else:
            return False
        return True

    async def level(self, levels, word: str) -> None:
        if self.name == "updater":
            print(LATER)
            return
        settings = config.read(config.load(self.store))
        settings["log_level"] = word
        blob = json.dumps(settings).encode()
        if not await self.stored(blob):
            print("the level stays as it was: NVS has no room")
            return
        self.resume()
        if "log_level" in self.program.settings:
            self.program.settings["log_level"] = word
        else:
            levels.begin(self.program, self.program.chip, blob)
        print("level: " + word)

    async def stored(self, blob: bytes) -> bool:
        """Is there room for these settings? If so the beam is parked: a write delays its frames."""
        await self.park()
        try:
            if len(blob) <= config.BLOB_MAX:
                config.save(self.store, blob)
                return True
        except OSError:
            pass
        self.resume()
        return False

    def diag(self) -> None:
        """In one go: no other line of the program gets into it."""
        print(self.facts().paste(), end="")

    async def park(self) -> None:
        beam = getattr(self.program, "beam", None)
        if beam:
            await beam.park()

    def resume(self) -> None:
        beam = getattr(self.program, "beam", None)
        if beam:
            beam.resume()

    async def maintenance(self) -> None:
        """As Ctrl-C, with the beam at rest: the launcher stands the watchdog off."""
        await self.park()
        print("at the prompt for 15 minutes, unless it is reset before")
        raise KeyboardInterrupt

    # -- factory reset -------------------------------------------------------------------------

    def ask(self, step: int) -> None:
        if self.name == "updater":
            print(LATER)
            return
        self.asked = step
        self._until_s = self.program.clock.up_s() + _ANSWER_S
        print(QUESTIONS[step - 1])

    async def answered(self, step: int, answer: str) -> None:
        if answer != QUESTIONS[step - 1].split(" ")[-1]:
            print("nothing was forgotten")
        elif step < len(QUESTIONS):
            self.ask(step + 1)
        else:
            await self.forget()

    async def forget(self) -> None:
        from seesaw.factory import makers

        if not await self.stored(makers(config.load(self.store))):
            print("nothing was forgotten: NVS has no room")
            return
        self.program.boot.reset("factory reset")
