"""What happens to the seesaw, in plain words: feed, slots, and the log of events."""

from dataclasses import dataclass

from host_tools.twin.reports import Event

LETTERS = {"ota_0": "A", "ota_1": "B"}

# States of the firmware (firmware/DEGRADED.md), and what the owner can do.
STATES = {
    "LIVE": "Live: fresh prices arrive.",
    "DELAYED": "Delayed: the prices are those of some minutes ago. A faster one is looked for.",
    "PROXY": "A stand-in: a fund that follows the index, until the index has a price again.",
    "CLOSED": "The market is closed: this is how it closed.",
    "STALE": "The price is old: the beam keeps the last good one. Nothing to do: others are asked.",
    "NO_DATA": "No price: after half an hour the beam goes level. It asks on; if that lasts a day,"
    " ask the maker.",
    "OFFLINE": "No Wi-Fi: the beam stays where it is. Is the router on, is the password right?",
    "SETUP": "It waits to be set up: join the network that its console names, with a phone.",
    "UPDATING": "It looks for an update, or proves one: leave the power on. The beam rests.",
    "SAFE": "It has crashed three times or more: it runs between crashes, and looks for a cure."
    " Leave it on, with Wi-Fi.",
    "NO_WIFI": "No Wi-Fi: the beam stays where it is.",  # of releases up to 0.1.0: OFFLINE or SETUP
}
SAFE = "SAFE"
OFF = "No power: the beam is limp."
STARTING = "Starting."

# Whom the running release lets update it, by `root` of its status line; "" has nothing to say.
TRUST = {
    "development": "Trusts the development key: anybody may update it.",
    "maker": "Trusts its maker alone.",
}

SLOT = {
    "running": "Runs. As it left the factory.",
    "confirmed": "Runs. Confirmed: it proved itself.",
    "trial": "Runs on trial. If it fails, the other slot takes over.",
    "reserve": "In reserve, should the other one fail.",
    "installing": "A new release is being written here.",
    "installed": "A new release, checked to the last byte. Its trial is next.",
    "interrupted": "Its trial was interrupted. It will be tried again.",
    "rejected": "Rejected: it failed its trial. It is tried again ever more rarely.",
    "failed": "Its trial ended without a confirmation.",
    "empty": "Empty.",
    "off": "Waits for power.",
}

# Event -> (kind, sentence). {words} are the firmware's own; {slot} is a letter.
SENTENCES = {
    "power-cut": ("power", "The power is cut."),
    "brown-out": ("power", "Brown-out: the supply gave way for a moment."),
    "planted": ("world", "{words}"),
    "mended": ("world", "{words}"),
    "speed": ("world", "Time passes {words} times as fast as here."),
    "late": ("bad", "This machine is too slow for {words}."),
    "clock": ("update", "The seesaw looked at its clock: {words}."),
    "published": ("world", "Release {version} is offered."),
    "refused": ("bad", "That could not be done: {words}"),
    "trial": ("trial", "{version} is on trial: it must prove itself."),
    "notice": ("world", "The maker says: {words}"),
    "offer": ("update", "The seesaw found release {words}."),
    "installed": ("update", "Installed {words}."),
    "present": ("update", "{words} is still in its slot: another trial without a download."),
    "hindered": ("bad", "A look for a release was hindered: {words}."),
    "proved": ("trial", "{version} has shown that it can do the next update."),
    "unproven": ("trial", "{version} has not proved itself yet: {words}."),
    "confirmed": ("good", "{version} is confirmed in slot {slot}."),
    "heal": ("update", "The boot record is being healed."),
    "fault": ("bad", "A fault on the board: {words}."),
}
ORDERLY = ("machine.reset()", "soft reset")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log. kind: power, boot, world, update, trial, good, bad or feed."""

    kind: str
    text: str


def letter(label: str) -> str:
    """A slot as people call it: A or B."""
    return LETTERS.get(label, label)


def feed(state: str, why: str, sign: str = "") -> str:
    """A state and the firmware's reason as sentences; an unknown state as it is. sign: what the LED
    tells, which may be SAFE beside it."""
    told = [STATES.get(state, f"{state}.")]
    if sign == SAFE:
        told.insert(0, STATES[SAFE])
    return " ".join(told + [f"The reason: {why}."] * bool(why))


def line(event: Event) -> Line | None:
    """The log's line for an event, None for what people need not read."""
    if event.event == "boot":
        return _boot(event)
    if event.event == "reset":
        orderly = event.words in ORDERLY
        return None if orderly else Line("bad", f"The board restarts: {event.words}.")
    if event.event == "settled":
        kind = "bad" if event.words.startswith("rejected") else "update"
        return Line(kind, f"{event.words[:1].upper()}{event.words[1:]}.")
    if event.event == "published" and event.words:
        return Line("world", f"Release {event.version} is offered: {event.words}.")
    if event.event not in SENTENCES:
        return None
    kind, sentence = SENTENCES[event.event]
    slot = letter(event.slot)
    return Line(kind, sentence.format(slot=slot, version=event.version, words=event.words))


def _boot(event: Event) -> Line:
    start = "Power on" if event.words == "power-on" else "Restart"
    return Line("boot", f"{start}: {event.version} starts from slot {letter(event.slot)}.")


def rollback(version: str, label: str, failed: str) -> Line:
    """A release on trial fell back to the one before."""
    where = letter(label)
    return Line("bad", f"Rollback: {failed} did not pass, {version} runs again from slot {where}.")
