"""What `seesaw diag read` makes of pastes: whole, cut, quoted, and of all trouble that is known."""

import json
import random
import textwrap
from pathlib import Path

import pytest
from seesaw import diag

from host_tools import cli
from host_tools.board import known, paste, rom

WELL = {
    "wifi.set": "yes", "boot.trial": "no", "boot.safe": "no", "program": "app", "app.why": "",
    "app.state": "LIVE", "release.version": "1.2.0", "release.board": "esp32s3",
    "feed.1.cnbc": "well", "feed.2.cboe": "well", "update.server": "set",
    "release.root": "maker", "wifi.rssi": -60, "memory.free": 90_000,
    "boot.record": "install, 1 VALID", "boot.cause": "power-on or brown-out",
}  # fmt: skip
BROKEN = "3 failures, next in 900 s status 404"
FAILS = dict.fromkeys(("feed.1.cnbc", "feed.2.cboe"), BROKEN)
ROM_LINE = "rst:0xf (RTCWDT_BROWN_OUT_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\n"
EVENT = "seesaw event={} slot=ota_0 version=1.2.0 words={}\n"
# name -> (facts that are other than WELL, log before the paste, words)
TROUBLES: dict[str, tuple[dict[str, object], str, str]] = {
    "brown-out": ({}, ROM_LINE, "supply breaks down"),
    "wrong password": ({"app.state": "OFFLINE", "app.why": "wrong password"}, "", "Wi-Fi password"),
    "no such network": ({"app.state": "OFFLINE", "app.why": "no such network"}, "", "not seen"),
    "weak signal": ({"wifi.rssi": -85}, "", "weak"),
    "clock not set": ({"feed.1.cnbc": "1 failures, next in 9 s tls: clock not set"}, "", "time"),
    "certificate": ({"app.why": "cnbc: tls: certificate expired"}, "", "not accepted"),
    "trust expired": ({}, EVENT.format("hindered", "Expired: timestamp.json"), "past its date"),
    "not signed": ({}, EVENT.format("hindered", "Rollback: snapshot.json"), "nobody signed"),
    "provider": ({"feed.1.cnbc": BROKEN}, "", "fails: cnbc."),
    "all providers": (FAILS, "", "all providers"),
    "crash loop": ({"boot.safe": "yes", "log.crash0": "1.2.0: KeyError: x"}, "", "KeyError: x"),
    "hung": ({"boot.cause": "watchdog"}, "", "hung"),
    "release failed": ({"update.failure": "1.3.0,a5dc0de9,7,4,2"}, "",
                       "1.3.0: it ran out of memory, 2 times"),
    "boot record": ({"boot.record": "heal, 3 ABORTED"}, "", "heals"),
    "NVS full": ({}, EVENT.format("hindered", "no room to note the trial"), "NVS is full"),
    "memory": ({"memory.free": 12_000}, "", "little memory"),
    "no update server": ({"update.server": "not set"}, "", "never be updated"),
    "development key": ({"release.root": "development"}, "", "everybody"),
    "servo pin": ({}, EVENT.format("noservo", "GPIO 34: none"), "no servo"),
    "cannot run": ({}, "seesaw: cannot run: both bundles are damaged\n", "nothing to run"),
    "half a paste": ({"lost.radio": "OSError: x"}, "", "not be gathered"),
}  # fmt: skip


def made(**changes: object) -> str:
    return diag.paste({**WELL, **changes})


def read(capsys: pytest.CaptureFixture[str], path: Path, text: str, *more: str) -> tuple[int, str]:
    path.write_text(text)
    code = cli.main(["diag", "read", str(path), *more])
    said = capsys.readouterr()
    return code, said.out + said.err


def test_a_device_that_is_well_has_no_trouble(capsys, tmp_path: Path) -> None:
    code, said = read(capsys, tmp_path / "paste", made())
    assert code == 0
    assert said == "1.2.0 on esp32s3, app: Working. Nothing to do.\nNo known trouble.\n"


def test_every_known_trouble_is_tried_here() -> None:
    assert list(TROUBLES) == [one.name for one in known.KNOWN]


@pytest.mark.parametrize("name", TROUBLES)
def test_a_known_trouble_is_said_and_no_other(capsys, tmp_path: Path, name: str) -> None:
    changes, log, words = TROUBLES[name]
    found = paste.find(log + made(**changes))

    assert found and found.whole
    (trouble,) = known.troubles(found, log)
    assert trouble.name == name and words in trouble.words and trouble.fix
    code, said = read(capsys, tmp_path / "paste", log + made(**changes))
    assert code == 1 and f"{name}: " in said
    code, said = read(capsys, tmp_path / "paste", log + made(**changes), "--json")
    whole = json.loads(said)
    assert [one["name"] for one in whole["troubles"]] == [name] and whole["whole"]


@pytest.mark.parametrize("change", [
    lambda text: text.replace("\n", "\r\n"),
    lambda text: "".join("> " + line + " \n" for line in text.splitlines()),
    lambda text: textwrap.indent(text, "    "),
    lambda text: text.replace(" ", "\u00a0"),
    lambda text: "Dear maker,\n\n" + text + "\nGreetings\n",
    lambda text: "".join("[12:00:01.250] " + line + "\n" for line in text.splitlines()),
    lambda text: "\n".join(textwrap.fill(line, 40) for line in text.splitlines()),
    lambda text: "".join(line[at : at + 50] + "\n" for line in text.splitlines()
                         for at in range(0, len(line), 50)),
    lambda text: made(program="setup") + "and later\n" + text,
])  # fmt: skip
def test_what_a_mail_and_a_log_do_to_it_does_no_harm(change) -> None:
    long = {"app.state": "STALE", "app.why": "cnbc: status 500 of a server that says more than it"}
    found = paste.find(change(made(**long)))
    assert found and found.whole and found.ended and found.text == made(**long)
    assert found.get("release.board") == "esp32s3"


def test_every_change_of_a_character_is_seen(capsys, tmp_path: Path) -> None:
    text, chance = made(), random.Random(1)
    inside = text.index("\n") + 1, text.rindex("\n---")
    for _ in range(200):
        at = chance.randrange(*inside)
        other = chr(33 + (ord(text[at]) - 33 + chance.randrange(1, 90)) % 94)
        found = paste.find(text[:at] + other + text[at + 1 :])
        assert found and found.ended and not found.whole, (at, other)
    code, said = read(capsys, tmp_path / "paste", text.replace("esp32s3", "esp32c3"))
    assert code == 1 and "its CRC is wrong" in said


def test_half_of_it_is_said_to_be_half(capsys, tmp_path: Path) -> None:
    code, said = read(capsys, tmp_path / "paste", made()[:300])
    assert code == 1 and "The end of the paste is missing" in said


def test_one_that_was_begun_again_does_not_hide_the_whole_one() -> None:
    whole = diag.paste(WELL)
    half = diag.paste({**WELL, "app.state": "STALE"})[:200]
    for text in (whole + half, half + "\n" + whole, half + "\n" + whole + half):
        found = paste.find(text)
        assert found and found.whole and found.get("app.state") == "LIVE"
    found = paste.find(whole + diag.paste({**WELL, "app.state": "STALE"}))
    assert found and found.get("app.state") == "STALE"


@pytest.mark.parametrize("text", ["", "hello", "--- SEESAW DIAG 1 END crc32=00000000 ---\n"])
def test_no_paste_is_said_to_be_none(capsys, tmp_path: Path, text: str) -> None:
    code, said = read(capsys, tmp_path / "paste", text)
    assert code == 2 and "there is no paste in it" in said
    assert cli.main(["diag", "read", str(tmp_path / "none")]) == 2


def test_any_bytes_are_read_without_falling_over(capsys, tmp_path: Path) -> None:
    chance = random.Random(2)
    for _ in range(200):
        text = bytearray(made(**FAILS).encode())
        for _ in range(chance.randrange(1, 60)):
            text[chance.randrange(len(text))] = chance.randrange(256)
        (tmp_path / "paste").write_bytes(text)
        assert cli.main(["diag", "read", str(tmp_path / "paste")]) in (1, 2)
    capsys.readouterr()


@pytest.mark.parametrize(("line", "words"), [
    (ROM_LINE, rom.BROWN_OUT),
    ("rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)", rom.POWER_ON),
    ("rst:0xc (SW_CPU_RESET),boot:0x13", rom.SOFTWARE),
    ("rst:0x3 (RTC_SW_SYS_RST),boot:0x8 (SPI_FAST_FLASH_BOOT)", rom.SOFTWARE),
    ("rst:0x7 (TG0WDT_SYS_RESET),boot:0x13", rom.WATCHDOG),
    ("rst:0x3f (?)", "reason 0x3f"),
    ("Brownout detector was triggered", rom.BROWN_OUT),
    ("Guru Meditation Error: Core  1 panic'ed (LoadProhibited)", "panic: the runtime itself fell"),
    ("E (60000) task_wdt: Task watchdog got triggered.", "watchdog: a program hung"),
    ("seesaw state=LIVE why=first:0xf", ""), ("burst:0xf", ""),
])  # fmt: skip
def test_the_rom_is_understood(line: str, words: str) -> None:
    assert rom.told(line).startswith(words) and bool(rom.told(line)) == bool(words)
