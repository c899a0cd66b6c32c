"""What a device says on the serial line during a trial, until it is confirmed or gone back."""

import re
import time
from dataclasses import dataclass

from host_tools.board.repl import END, Lost, Refused, Repl
from host_tools.errors import UserError

TRIAL_MOST_S = 2000  # the launcher ends a trial after 1800 s
LINE_MAX = 4096  # characters
EVENT = re.compile(
    r"seesaw event=(?P<event>\S+) slot=(?P<slot>\S+) version=\S+ words=(?P<words>.*)"
)
STATE = re.compile(r"seesaw state=\S+ .*? slot=(?P<slot>\S+) version=\S+ ")


@dataclass(frozen=True, slots=True)
class Verdict:
    """good: the release is confirmed. words: the device's own when it is not."""

    good: bool
    words: str


def follow(repl: Repl, old_slot: str, version: str) -> Verdict:
    """Show what the device says until the trial of `version` is decided.

    old_slot: where it ran before. Raises Refused when it fails before the trial; UserError when
    the cable gets lost, or nothing is decided within the launcher's own deadline.
    """
    end_s = time.monotonic() + TRIAL_MOST_S
    text = ""
    try:
        while time.monotonic() < end_s:
            text += repl.read()
            _check_refusal(repl, text)
            *lines, text = text.split("\n")
            text = text[-LINE_MAX:]
            for line in lines:
                if verdict := _hear(line, old_slot, version):
                    return verdict
        why = f"no verdict in {TRIAL_MOST_S} s"
    except Lost as error:
        why = f"the device {error}"
    fix = f"by itself it confirms {version} or boots what it ran before; look, or deploy again"
    raise UserError(f"the trial at {repl.port}", why, fix)


def _check_refusal(repl: Repl, text: str) -> None:
    """The installation's last step came back, where it resets if all is well."""
    end = END.decode()
    _, found, traceback = text.partition(end + "Traceback")
    while found and end not in traceback and (more := repl.read()):
        traceback += more
    if found:
        raise Refused(traceback.partition(end)[0])


def _hear(line: str, old_slot: str, version: str) -> Verdict | None:
    shown = "".join(c for c in line if c.isprintable()).strip()
    if shown:
        print("  " + shown, flush=True)
    if event := EVENT.search(shown):
        return _judge(event["event"], event["slot"], event["words"], old_slot, version)
    state = STATE.search(shown)
    if state and state["slot"] == old_slot:
        return Verdict(False, f"{version} was given up: {old_slot} runs again")
    return None


def _judge(event: str, slot: str, words: str, old_slot: str, version: str) -> Verdict | None:
    if slot == old_slot:
        return Verdict(False, words or f"{version} was given up: {old_slot} runs again")
    if event == "confirmed" or (event == "settled" and words.startswith("confirmed")):
        return Verdict(True, f"{version} is confirmed in {slot}")
    return None
