"""Troubles that are known, recognised in a paste and in the log around it: one table."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from host_tools.board import rom
from host_tools.board.paste import Paste

BREAKER = 3  # failures in a row of a provider, from which on it is left alone for a while
WEAK_DBM = -80
MEMORY_MIN = 20_000  # as a trial asks for
CAUSES = {1: "it crashed", 2: "it hung", 3: "it missed its deadline", 4: "it ran out of memory",
          5: "a module was missing", 6: "its bundle was damaged",
          7: "network, server or market were out", 8: "the power went",
          9: "what was downloaded was wrong", 10: "the flash did not take it",
          11: "it does not fit", 12: "there was no room in NVS", 13: "the runtime refused it",
          14: "the launcher left it"}  # fmt: skip

Test = Callable[[Paste, str], object]  # the paste, all of the text; true when it is this


@dataclass(frozen=True, slots=True)
class Known:
    name: str
    test: Test
    words: str  # {} is what the test found, if that is text
    fix: str


@dataclass(frozen=True, slots=True)
class Trouble:
    name: str
    words: str
    fix: str


def troubles(paste: Paste, text: str = "") -> list[Trouble]:
    """All that are recognised. text: what was around it, a log for example."""
    found = []
    for known in KNOWN:
        if what := known.test(paste, text):
            words = known.words.replace("{}", what if isinstance(what, str) else "")
            found.append(Trouble(known.name, words, known.fix))
    return found


def _why(start: str) -> Test:
    return lambda paste, _: paste.get("app.why").startswith(start)


def _anywhere(pattern: str) -> Test:
    """In a fact or in the log."""
    sought = re.compile(pattern)
    return lambda paste, text: (
        any(sought.search(value) for value in paste.facts.values()) or sought.search(text)
    )


def _brown_out(paste: Paste, text: str) -> bool:
    return rom.BROWN_OUT in rom.resets(text)


def _failing(paste: Paste) -> tuple[list[str], list[str]]:
    """(providers with an open breaker, all)."""
    every = {key.split(".", 2)[2]: value for key, value in paste.facts.items()
             if re.match(r"feed\.\d+\.", key)}  # fmt: skip
    levels = {name: re.match(r"(\d+) failures", value) for name, value in every.items()}
    failing = [name for name, found in levels.items() if found and int(found[1]) >= BREAKER]
    return failing, list(every)


def _one_provider(paste: Paste, _: str) -> str:
    failing, every = _failing(paste)
    return ", ".join(failing) if len(failing) < len(every) else ""


def _all_providers(paste: Paste, _: str) -> bool:
    failing, every = _failing(paste)
    return bool(every) and len(failing) == len(every)


def _failure(paste: Paste, _: str) -> str:
    """NVS `update`: version, bundle, stage, cause, how often."""
    parts = paste.get("update.failure").split(",")
    if len(parts) != 5 or not parts[3].isdigit():
        return ""
    return f"{parts[0]}: {CAUSES.get(int(parts[3]), 'cause ' + parts[3])}, {parts[4]} times"


def _number(paste: Paste, key: str, otherwise: int) -> int:
    text = paste.get(key)
    return int(text) if re.fullmatch(r"-?\d+", text) else otherwise


def _crashed(paste: Paste, _: str) -> str:
    return paste.get("log.crash0") or paste.get("boot.last_words") or "no last words"


KNOWN = (
    Known("brown-out", _brown_out,
          "the supply breaks down, as it does when a servo starts on a thin cable",
          "a supply of 5 V and 2 A for the servo, and its capacitor: see the board's page"),
    Known("wrong password", _why("wrong password"), "the Wi-Fi password is probably wrong",
          "seesaw config --ssid NAME --password -"),
    Known("no such network", _why("no such network"), "the Wi-Fi network is not seen",
          "is the router on and near, and does it send at 2.4 GHz?"),
    Known("weak signal", lambda paste, _: _number(paste, "wifi.rssi", 0) <= WEAK_DBM,
          "the Wi-Fi signal is weak", "move seesaw or router"),
    Known("clock not set", _anywhere(r"tls: clock not set"),
          "nobody tells it the time, so it can trust no certificate",
          "does the network let NTP through (UDP 123)? see the setting ntp"),
    Known("certificate", _anywhere(r"certificate (expired|refused|of )"),
          "the certificate of a provider is not accepted",
          "is the network's own proxy in between? else its maker must send new roots"),
    Known("trust expired", _anywhere(r"\bExpired: "),
          "what its repository has signed is past its date, by the clock it has",
          "is its clock right? else its maker: seesaw release renew, and publish"),
    Known("not signed", _anywhere(r"\b(Unsigned|Rollback): "),
          "the update server offers what nobody signed whom it trusts, or what is older",
          "is update_url the maker's? else its maker: seesaw release verify SITE"),
    Known("provider", _one_provider, "the provider fails: {}. Others are asked",
          "nothing for the owner; its maker: has it changed? seesaw recipe test"),
    Known("all providers", _all_providers, "all providers of prices fail",
          "does the network let it out at all? else its maker: signed data is the cure"),
    Known("crash loop", lambda paste, text: paste.get("boot.safe") == "yes" and
          _crashed(paste, text), "it crashes again and again: {}",
          "leave it on, with Wi-Fi; its maker: a release that cures it"),
    Known("hung", lambda paste, _: paste.get("boot.cause") == "watchdog",
          "its watchdog has reset it: a program hung, or somebody was at the prompt", "its maker"),
    Known("release failed", _failure, "a release did not come to run: {}",
          "by itself it tries again, ever more rarely; its maker: a release that cures it"),
    Known("boot record", lambda paste, _: paste.get("boot.record").startswith("heal"),
          "the boot record is of no use; it heals that at the next look", "leave it on"),
    Known("NVS full", _anywhere(r"no room to note the trial"),
          "NVS is full of something that is not its own", "seesaw flash --erase-nvs"),
    Known("memory", lambda paste, _: _number(paste, "memory.free", MEMORY_MIN) < MEMORY_MIN,
          "little memory is free", "its maker"),
    Known("no update server", lambda paste, _: paste.get("update.server") == "not set",
          "no update server is set: it will never be updated", "seesaw config --update-url URL"),
    Known("development key", lambda paste, _: paste.get("release.root") == "development",
          "it trusts the development key, so everybody can update it",
          "fine on a desk; for a customer: make deploy RELEASE=FILE"),
    Known("servo pin", _anywhere(r"event=noservo "), "its servo_pin can drive no servo",
          "seesaw config --servo-pin N"),
    Known("cannot run", _anywhere(r"seesaw: cannot run: "), "its launcher finds nothing to run",
          "flash it over USB: seesaw flash; it keeps its settings"),
    Known("half a paste", lambda paste, _: any(key.startswith("lost.") for key in paste.facts),
          "parts of the paste could not be gathered", "its maker: see lost.* in it"),
)  # fmt: skip
