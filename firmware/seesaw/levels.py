"""How grave an event is, and which of them the serial line is told (firmware/SPEC.md, "Serial
lines"). Loaded for who has set a level, and by the console.

Lines of state are no events: they come always, as whatever reads the line goes by them. So does all
that is said in a trial, in set-up, and of how a trial ended.
"""

from seesaw import config

LEVELS = ("error", "warning", "info", "debug")  # setting log_level
DEFAULT = "info"
ERROR, WARNING, INFO, DEBUG = range(4)
# How the words of an event or a state begin, or what is among them; all else is INFO.
ERRORS = ("noservo",)
WARNINGS = ("hindered", "heal", "unpacked", "STALE", "NO_DATA", "OFFLINE", "SETUP")
MARKS = ("refused", "given up", "the stream", "in doubt", "not joined", "not kept")


def of(words: str) -> int:
    """The level of an event: its name, a blank, its words."""
    name = words.split(" ")[0]
    if name in ERRORS:
        return ERROR
    if name in WARNINGS or [mark for mark in MARKS if mark in words]:
        return WARNING
    return DEBUG if name == "poll" else INFO


def least(word: str) -> object:
    """For the console: is this fact of the log at least of that level? Last words are errors."""
    most = LEVELS.index(word)

    def wanted(key: str, value: object) -> bool:
        if key.startswith("log.event"):
            return of(value.partition(": ")[2]) <= most
        return key != "boot.cause" or most >= INFO

    return wanted


def parsed(found: dict) -> str:
    """The setting, of what the blob says."""
    word = found.get("log_level")
    return word if word in LEVELS else DEFAULT


def begin(program: object, chip: object, blob: bytes) -> None:
    """From now on the line is told what the setting asks for. chip: port.board. blob: of settings.
    Of an event that is not said the program makes a note all the same."""
    if hasattr(program, "access"):  # set-up says all
        return
    settings = program.settings
    settings["log_level"] = parsed(config.read(blob))
    say = chip.say

    def said(boot: object, event: str, text: str, what: str = "event") -> None:
        if what != "event" or of(event + " " + text) <= LEVELS.index(settings["log_level"]):
            say(boot, event, text, what)

    chip.say = said
    if hasattr(program, "beam"):
        _talkative(program)


def _talkative(app: object) -> None:
    """At `debug` it also says how each poll went."""
    say = app.say

    def said() -> None:
        say()
        if app.settings["log_level"] == "debug":
            app.chip.say(app.boot, "poll", polled(app.feed, app.clock.up_s()))

    app.say = said


def polled(feed: object, up_s: int) -> str:
    """How each provider stands, in words."""
    words = []
    for number, (wait_s, failures, _) in enumerate(feed.choice.waits(up_s)):
        source = feed.sources[number]
        words.append("%s %d failures, next in %d s %s"
                     % (source.name, failures, wait_s, source.why))  # fmt: skip
    return "; ".join(words)
