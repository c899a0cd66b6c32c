"""Owners and what they do to their seesaw meanwhile, by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from host_tools.emulator.board import ENDS
from host_tools.prove.hardware import power_cycle

if TYPE_CHECKING:
    from host_tools.prove.seesaw import LiveSeesaw

Change = Callable[["LiveSeesaw"], None]

CHANGED = {"instrument": "nasdaq", "center_us": 1520}  # what an owner sets who changes the settings
OWN = ("ssid", "password", "instrument", "poll_s", "check_s", "providers")  # not the maker's
# Looks are further apart than turns are, so that these end sessions too.
# As long as names and passwords may be (IEEE 802.11, 9.4.2.2: 32 bytes; 63 characters).
LONG = {"ssid": "Königstraße 12 2. Stock rechts", "password": "p" * 60 + "'\"\\"}
TURNS = {"rotation": ["dow", "nasdaq"], "turn_min": 5, "check_s": 700}
OVER_TLS = {"update_url": "https://updates:443"}
PATIENT = {"check_s": 21_600, "poll_s": 60}
UNPLUGS = 4  # times, each during a trial
UNPLUG_S = 2  # after the trial's first line
VISIT_S = 840  # at the REPL; the launcher stands the watchdog off for 900
HOLD_S, BETWEEN_S = 6, 31  # the button; set-up opens after 5
CLIENT_S = 5  # between two packets of a client of Improv
# Its credentials, to the byte: network "elsewhere", password "password".
ELSEWHERE = b"IMPROV\x01\x03\x15\x01\x13\x09elsewhere\x08password"
ELSEWHERE += bytes((sum(ELSEWHERE) & 0xFF,)) + b"\n"
SET_UP_S = 5  # after set-up has opened
ROUTER_AT_S = 10  # after the power came
ROUTER_S = 600  # with another password


def _strip(period_s: int) -> Change:
    """A power strip on a timer."""

    def change(live: LiveSeesaw) -> None:
        clock = live.device.clock

        def off() -> None:
            clock.set_alarm("strip", clock.now_us + period_s * 1_000_000, off)
            power_cycle(live, "power strip")

        clock.set_alarm("strip", clock.now_us + period_s * 1_000_000, off)

    return change


def _unplugs(words: str) -> Change:
    """Pulls the plug whenever a trial has just begun, some times. words: how it is heard."""

    def change(live: LiveSeesaw) -> None:
        clock = live.device.clock

        def hear(line: str) -> None:
            if words in line and live.struck < UNPLUGS:
                clock.set_alarm("plug", clock.now_us + UNPLUG_S * 1_000_000,
                                lambda: power_cycle(live, "unplugged"))  # fmt: skip

        live.watchers.append(hear)

    return change


def change_settings(live: LiveSeesaw) -> None:
    """As the cable does: one blob in place of the other, the copy first."""
    board = live.device.board
    nvs = board.storage.nvs
    try:
        blob = json.loads(nvs.get_blob("seesaw", "config", 2048))
        made = json.dumps({**blob, **CHANGED}).encode()
        nvs.set_blob("seesaw", "config_b", made)
        nvs.set_blob("seesaw", "config", made)
    except ENDS as end:
        raise board.kill(end) from None
    live.struck += 1
    live.expected = [{**known, **CHANGED} for known in live.expected[:1]]


def _has_set(changes: dict[str, Any]) -> Change:
    """Has set that before it is switched on."""

    def change(live: LiveSeesaw) -> None:
        def hear(line: str) -> None:
            nvs = live.device.board.storage.nvs
            blob = json.loads(nvs.get_blob("seesaw", "config", 2048))
            if line.startswith("boot ") and not changes.items() <= blob.items():
                nvs.set_blob("seesaw", "config", json.dumps({**blob, **changes}).encode())

        live.rotation = changes.get("rotation", [])
        live.watchers.append(hear)

    return change


def _long_names(live: LiveSeesaw) -> None:
    """Its Wi-Fi has always had that name; no other is there."""
    air = live.device.around.air
    air.clear()
    air[LONG["ssid"]] = LONG["password"]
    live.expected = [{**known, **LONG} for known in live.expected[:1]]
    _has_set(LONG)(live)


def _sets(words: str) -> Change:
    """Changes the settings once, when the device says so or does that."""

    def change(live: LiveSeesaw) -> None:
        def hear(line: str) -> None:
            if words in line and not live.struck:
                change_settings(live)

        live.watchers.append(hear)

    return change


def _router(live: LiveSeesaw) -> None:
    """Changes the password at the router, and back as nothing works any more."""
    air, clock = live.device.around.air, live.device.clock
    right = dict(air)

    def back() -> None:
        air.update(right)

    def change() -> None:
        air.update(dict.fromkeys(air, "another"))
        live.struck += 1
        clock.set_alarm("router", clock.now_us + ROUTER_S * 1_000_000, back)

    clock.set_alarm("router", clock.now_us + ROUTER_AT_S * 1_000_000, change)


def _visits(live: LiveSeesaw) -> None:
    """Presses Ctrl-C on the serial line while it follows, as mpremote does, and types for a while:
    `struck` counts that, and once more when nothing has reset the board meanwhile."""
    board, clock = live.device.board, live.device.clock

    def stayed(boots: int) -> None:
        live.struck += board.boots == boots

    def hear(line: str) -> None:
        if " state=LIVE " in line and not live.struck:
            live.struck += 1
            live.device.press_ctrl_c(1)
            boots = board.boots
            clock.set_alarm("visit", clock.now_us + VISIT_S * 1_000_000, lambda: stayed(boots))

    live.watchers.append(hear)


def _fiddles(live: LiveSeesaw) -> None:
    """Holds the button again and again, whatever the seesaw is doing, and pulls the plug while
    set-up is open, some times."""
    board, clock = live.device.board, live.device.clock
    pin = live.subject.kit.board.button_pin

    def down() -> None:
        board.pwm.grounded.add(pin)
        clock.set_alarm("button", clock.now_us + HOLD_S * 1_000_000, up)

    def up() -> None:
        board.pwm.grounded.discard(pin)
        clock.set_alarm("button", clock.now_us + BETWEEN_S * 1_000_000, down)

    def hear(line: str) -> None:
        if line.startswith("boot "):
            nvs = board.storage.nvs
            blob = json.loads(nvs.get_blob("seesaw", "config", 2048))
            if blob.get("button_pin") != pin:
                nvs.set_blob("seesaw", "config", json.dumps({**blob, "button_pin": pin}).encode())
        elif "event=setup" in line and live.struck < UNPLUGS:
            clock.set_alarm("plug", clock.now_us + UNPLUG_S * 1_000_000,
                            lambda: power_cycle(live, "unplugged"))  # fmt: skip

    up()
    live.watchers.append(hear)


def _types(live: LiveSeesaw, answers: dict[str, str]) -> None:
    """Words that are heard -> the line that is typed then, each once."""
    left = dict(answers)

    def hear(line: str) -> None:
        for words in [words for words in left if words in line]:
            live.device.type(left.pop(words).encode() + b"\r")

    live.watchers.append(hear)


def _sets_up(live: LiveSeesaw) -> None:
    """Gives a seesaw that waits to be set up what is the owner's, as the cable does, which then
    resets."""
    board, clock = live.device.board, live.device.clock

    def give() -> None:
        blob = json.loads(board.storage.nvs.get_blob("seesaw", "config", 2048))
        mine = {key: live.subject.settings[key] for key in OWN}
        made = json.dumps({**blob, **mine}).encode()
        try:
            board.storage.nvs.set_blob("seesaw", "config_b", made)
            board.storage.nvs.set_blob("seesaw", "config", made)
        except ENDS as end:
            raise board.kill(end) from None
        power_cycle(live, "set up")

    def hear(line: str) -> None:
        if "event=setup" in line and "words=never" in line:
            clock.set_alarm("owner", clock.now_us + SET_UP_S * 1_000_000, give)

    live.watchers.append(hear)


def _forgets(live: LiveSeesaw) -> None:
    """A factory reset at the console, and set-up anew."""
    _types(live, {" state=LIVE ": "factory-reset", "Type: yes": "yes", "Type: forget": "forget"})
    _sets_up(live)


def _maintains(live: LiveSeesaw) -> None:
    """Stops it at the console for maintenance, and pulls the plug at the prompt."""
    clock = live.device.clock

    def hear(line: str) -> None:
        if line.startswith("at the prompt"):
            clock.set_alarm("plug", clock.now_us + UNPLUG_S * 1_000_000,
                            lambda: power_cycle(live, "unplugged"))  # fmt: skip

    _types(live, {" state=LIVE ": "maintenance"})
    live.watchers.append(hear)


def _provisions(live: LiveSeesaw) -> None:
    """Has a web flasher open, which sends another network's credentials in each trial, and presses
    Ctrl-C: until the app has a price, so that nothing is left for later."""
    clock = live.device.clock
    trial = False

    def send() -> None:
        if trial:
            live.device.type(ELSEWHERE + b"\x03")
            clock.set_alarm("client", clock.now_us + CLIENT_S * 1_000_000, send)

    def hear(line: str) -> None:
        nonlocal trial
        if "event=prove " in line:
            trial = True
            live.struck += 1
            send()
        trial = trial and " state=LIVE " not in line

    live.watchers.append(hear)


OWNERS: dict[str, Change] = {
    "nobody": lambda live: None,
    "patient": _has_set(PATIENT),  # the pace of real life: a price a minute, four looks a day
    "takes-turns": _has_set(TURNS),
    "over-tls": _has_set(OVER_TLS),  # the maker's, of a device that fetches its updates so
    "strip-20": _strip(20),
    "strip-60": _strip(60),
    "unplugs": _unplugs("event=prove "),
    "unplugs-data": _unplugs(" data=trial:"),
    "long-names": _long_names,
    "sets-at-boot": _sets("boot "),  # before the firmware starts
    "sets-at-offer": _sets("event=offer "),  # just before the install
    "sets-in-trial": _sets("event=prove "),
    "router": _router,
    "visits": _visits,
    "fiddles": _fiddles,
    "forgets": _forgets,
    "sets-up": _sets_up,
    "maintains": _maintains,
    "provisions": _provisions,
}
