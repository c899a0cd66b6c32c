"""The settings file: good ones pass unchanged, and one clear line names what is wrong."""

import json
from pathlib import Path

import pytest
from seesaw import config, levels, tuning

from host_tools import arguments_of_board
from host_tools.errors import UserError
from host_tools.image import settings

NAMES = [
    "sp500",
    "dow",
    "nasdaq",
    "ftse100",
    "dax",
    "cac40",
    "nikkei225",
    "hangseng",
    "shanghai",
    "asx200",
    "nifty50",
    "btc",
    "eth",
    "sol",
    "xrp",
    "ltc",
]
GOOD = {
    "ssid": "Café",
    "password": "correct horse",
    "instrument": "dax",
    "poll_s": 60,
    "check_s": 86400,
    "servo_pin": 18,
    "center_us": 1480,
    "us_per_degree": -40,
    "low_us": 1100,
    "high_us": 1900,
    "sensitivity": 150,
    "approach_us": -20,
    "power_pin": 19,
    "quiet_from": 1320,
    "quiet_to": 420,
    "tz": "CET-1CEST,M3.5.0,M10.5.0/3",
    "update_url": "http://updates.test/",
    "providers": {"cnbc": "http://market.test:8080"},
    "ntp": "time.test 192.168.0.1:1123",
    "stream": True,
}


def write(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "config.json"
    path.write_bytes(data)
    return path


def test_good_settings_pass_unchanged(tmp_path: Path) -> None:
    found = settings.load(write(tmp_path, json.dumps(GOOD).encode()))
    assert found == GOOD
    assert json.loads(settings.to_blob(found)) == GOOD


def test_whatever_the_firmware_reads_can_be_set() -> None:
    assert set(settings.KEYS) == set(config.DEFAULTS) | set(tuning.DEFAULTS) | {"log_level"}
    assert settings.LOG_LEVELS == levels.LEVELS == arguments_of_board.LOG_LEVELS
    assert not set(config.DEFAULTS) & set(tuning.DEFAULTS)
    blob = settings.to_blob(settings.check(dict(GOOD), "here"))
    parsed = config.parse(blob) | tuning.parse(blob)
    assert parsed == config.DEFAULTS | tuning.DEFAULTS | GOOD
    assert settings.BLOB_MAX <= config.BLOB_MAX


@pytest.mark.parametrize("name", NAMES)
def test_every_instrument_is_known(name: str) -> None:
    assert settings.check({"instrument": name}, "here") == {"instrument": name}


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe", b"{", b"not json", b"[" * 100000, b"[1]", b'"text"', b'{"ssid":"\\ud800"}'],
)
def test_garbage_is_one_clear_line(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UserError) as caught:
        settings.load(write(tmp_path, data))
    assert "config.json" in str(caught.value) and "\n" not in str(caught.value)


def test_an_unknown_key_is_told_its_neighbour() -> None:
    with pytest.raises(UserError, match="key 'pasword' is unknown; did you mean 'password'"):
        settings.check({"pasword": "x"}, "here")
    with pytest.raises(UserError, match="key 'zzz' is unknown; the keys are ssid, password"):
        settings.check({"zzz": 1}, "here")


def test_an_unknown_instrument_is_told_its_neighbour() -> None:
    with pytest.raises(UserError, match="instrument 'nikei' is unknown; did you mean 'nikkei225'"):
        settings.check({"instrument": "nikei"}, "here")
    with pytest.raises(UserError, match="the instruments are sp500, "):
        settings.check({"instrument": "zzz"}, "here")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ssid", ""),
        ("ssid", "é" * 17),
        ("ssid", 5),
        ("password", "short"),
        ("password", "x" * 65),
        ("instrument", ["dax"]),
        ("instrument", None),
        ("poll_s", 0),
        ("poll_s", True),
        ("poll_s", 1.5),
        ("check_s", "60"),
        ("servo_pin", -1),
        ("center_us", 2001),
        ("us_per_degree", 7),
        ("us_per_degree", -42),
        ("low_us", 999),
        ("high_us", 2001),
        ("sensitivity", 24),
        ("approach_us", 61),
        ("power_pin", -2),
        ("quiet_from", 1440),
        ("quiet_to", -1),
        ("tz", "Mitteleuropa é"),
        ("tz", "A" * 49),
        ("tz", None),
        ("check_s", 7 * 86400 + 1),
        ("stream", 1),
        ("stream", "yes"),
        ("log_level", "all"),
        ("log_level", ["info"]),
        ("ntp", "a b c"),
        ("ntp", "a  b"),
        ("ntp", "a/b"),
        ("ntp", "a:0"),
        ("ntp", "http://a"),
        ("ntp", "x" * 300),
        ("ntp", ["a"]),
        ("update_url", "ftp://updates.test/"),
        ("update_url", "http://"),
        ("update_url", "http:///path"),
        ("update_url", "http://a b/"),
        ("update_url", "http://a\n/"),
        ("providers", []),
        ("providers", {"": "http://a/"}),
        ("providers", {"x": "market.test"}),
        ("providers", {f"p{n}": "http://a/" for n in range(17)}),
    ],
)
def test_a_wrong_value_is_named(key: str, value: object) -> None:
    with pytest.raises(UserError) as caught:
        settings.check({key: value}, "here")
    assert key in str(caught.value)


def test_too_much_for_the_blob_is_refused() -> None:
    providers = {f"p{n}": "http://" + "a" * 150 for n in range(16)}
    with pytest.raises(UserError, match="1900 bytes"):
        settings.check({"providers": providers}, "here")
