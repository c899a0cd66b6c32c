"""Captured answers, and what the recipes make of them. Shared by the tests of recipes.

Written after the shapes that the providers document or are known by; the figures are made up.
"""

import json
from pathlib import Path
from typing import Any

from seesaw.core.quote import BadAnswer, Quote
from seesaw.core.recipe import Extraction, Recipe
from seesaw.data import feeds

import host_tools  # noqa: F401 - makes the firmware's modules importable here

HERE = Path(__file__).parent
CAPTURES = HERE / "captures"
SHIPPED_FILE = Path(feeds.__file__).with_name("feeds.json")
SHIPPED: dict[str, Any] = json.loads(SHIPPED_FILE.read_text())
SPARE: dict[str, Any] = json.loads((HERE / "spare.json").read_text())
DATE_S = 1_788_378_300  # of the Date header: 2026-09-02 19:45 UTC
NEW_YORK_S = -4 * 3600  # that day
SHANGHAI_S = 8 * 3600

# provider, instrument, capture, exchange's offset: price, baseline, time, open
GOOD: list[tuple[str, str, str, int, tuple[float, float, int, bool | None]]] = [
    ("cnbc", "sp500", "cnbc.json", 0, (7764.64, 7719.34, 1_782_963_360, True)),
    ("cnbc", "sp500", "cnbc-object.json", 0, (7764.64, 7719.34, 1_782_963_360, True)),
    ("cnbc", "sp500", "cnbc-two.json", 0, (7764.64, 7719.34, 1_782_963_360, True)),
    ("cnbc", "dow", "cnbc-two.json", 0, (50000.0, 49900.0, 1_782_963_360, True)),
    ("cnbc", "sp500", "cnbc-weekend.json", 0, (37.25, 37.44, 1_790_899_200, False)),
    ("cnbc", "sp500", "cnbc-unchanged.json", 0, (37.25, 37.25, 1_782_963_360, False)),
    ("cboe", "sp500", "cboe.json", NEW_YORK_S, (7764.64, 7719.34, 1_788_378_240, None)),
    ("etf", "dow", "etf.json", NEW_YORK_S, (530.12, 528.5, 1_788_378_240, None)),
    ("eastmoney", "nikkei225", "eastmoney.json", 0, (65020.94, 64500.10, 1_788_330_000, None)),
    ("tencent", "dow", "tencent.txt", NEW_YORK_S, (53012.5, 52900.0, 1_788_378_240, None)),
    ("tencent", "shanghai", "tencent-shanghai.txt", SHANGHAI_S,
     (3999.12, 4010.0, 1_788_332_403, None)),
    ("yahoo", "sp500", "yahoo.json", 0, (7764.64, 7719.34, 1_788_378_240, None)),
    ("yahoo", "sp500", "yahoo-bars.json", 0, (7764.64, 7719.34, 1_788_378_240, None)),
    ("yahoo", "sp500", "yahoo-no-previous.json", 0, (7764.64, 7719.34, 1_788_378_240, None)),
    ("eodhd", "sp500", "eodhd.json", 0, (7764.64, 7719.34, 1_788_378_240, None)),
    ("relay", "sp500", "relay.json", 0, (7764.64, 7719.34, 1_788_378_240, True)),
    ("relay", "sp500", "nan.json", 0, (7764.64, 7719.34, 1_788_378_240, None)),
    ("bitstamp", "btc", "bitstamp.json", 0, (108123.5, 107000.0, 1_788_378_240, True)),
    ("coinbase", "btc", "coinbase.json", 0, (108123.5, 107000.0, DATE_S, True)),
    ("kraken", "btc", "kraken.json", 0, (108123.5, 107000.0, DATE_S, True)),
    ("binance", "btc", "binance.json", 0, (108123.5, 107000.0, 1_788_378_240, True)),
    ("finnhub", "sp500", "finnhub.json", 0, (7764.64, 7719.34, 1_788_378_240, None)),
    ("alphavantage", "sp500", "alphavantage.json", 0, (776.46, 771.93, 1_788_307_200, None)),
    ("fmp", "sp500", "fmp.json", 0, (7764.64, 7719.34, 1_788_378_240, None)),
    ("twelvedata", "sp500", "twelvedata.json", 0, (7764.64, 7719.34, 1_788_378_240, True)),
    ("coingecko", "btc", "coingecko.json", 0, (108123.5, 107000.0, 1_788_378_240, True)),
    ("stooq", "sp500", "stooq.csv", 0, (7764.64, 7720.16, 1_788_307_200, None)),
]  # fmt: skip

# provider, instrument, capture: the reason
BAD = [
    ("cnbc", "sp500", "cnbc-etf-under-btc.json", "echo: another symbol"),
    ("cnbc", "sp500", "cnbc-unknown.json", "good: code is not 0"),
    ("cnbc", "sp500", "cnbc-no-price.json", "price: no value"),
    ("cnbc", "sp500", "cnbc-denied.html", "not JSON"),
    ("cnbc", "sp500", "gzip.bin", "not JSON"),
    ("cnbc", "sp500", "nested.json", "nested too deep"),
    ("cnbc", "sp500", "fmp-empty.json", "price: no value"),
    ("cboe", "sp500", "cboe-dropped.json", "price: a price that is not positive"),
    ("cboe", "sp500", "cboe-unknown.xml", "not JSON"),
    ("cboe", "dow", "cboe.json", "echo: another symbol"),
    ("eastmoney", "nikkei225", "eastmoney-null.json", "shift: not a digit"),
    ("eastmoney", "nikkei225", "eastmoney-error.json", "good: rc is not 0"),
    ("eastmoney", "dax", "eastmoney.json", "echo: another symbol"),
    ("tencent", "dow", "tencent-unknown.txt", "mark: is not there"),
    ("tencent", "dow", "tencent-shanghai.txt", "mark: is not there"),
    ("tencent", "dow", "cnbc-denied.html", "mark: is not there"),
    ("yahoo", "sp500", "yahoo-error.json", "bad: the provider reports an error (/chart/error)"),
    ("yahoo", "sp500", "yahoo-429.txt", "not JSON"),
    ("eodhd", "sp500", "eodhd-na.json", "price: no value"),
    ("coinbase", "btc", "coinbase-message.json", "bad: the provider reports an error (message)"),
    ("kraken", "btc", "kraken-error.json", "bad: the provider reports an error (error/[0])"),
    ("binance", "btc", "binance-banned.json", "echo: another symbol"),
    ("coinbase", "btc", "coincap-deprecated.json", "price: no value"),
    ("finnhub", "sp500", "finnhub-zeros.json", "price: a price that is not positive"),
    ("alphavantage", "sp500", "alphavantage-note.json",
     "bad: the provider reports an error (/Note)"),
    ("alphavantage", "sp500", "alphavantage-information.json",
     "bad: the provider reports an error (/Information)"),
    ("fmp", "sp500", "fmp-empty.json", "echo: another symbol"),
    ("fmp-whole", "sp500", "fmp-error.json",
     "bad: the provider reports an error (Error Message)"),
    ("twelvedata", "sp500", "twelvedata-error.json",
     "bad: the provider reports an error (message)"),
    ("stooq", "sp500", "stooq-challenge.html", "another header"),
]  # fmt: skip


def recipe(provider: str, instrument: str) -> Recipe:
    """Of the shipped set, else of spare.json; bound as a device binds it."""
    found = SHIPPED if provider in SHIPPED["providers"] else SPARE
    listed = found["instruments"][instrument]["feeds"] if instrument in found["instruments"] else []
    feed = next((feed for feed in listed if feed[0] == provider), [provider, "_DJI"])
    rules = found["providers"][provider]
    base = "http://relay.example" if provider == "relay" else ""
    key = "owner's" if "key" in rules else ""
    return Recipe(provider, rules, *feed[1:3], base=base, key=key)


def capture(name: str) -> bytes:
    return (CAPTURES / name).read_bytes()


def fed(bound: Recipe, body: bytes, size: int = 4096) -> Extraction:
    """The extraction after a body in pieces of that size; stopped where it says so."""
    made = bound.begin()
    for at in range(0, len(body), size):
        if made.write(body[at : at + size]):
            break
    return made


def fields(quote: Quote) -> tuple[float, float, int, bool | None]:
    return quote.price, quote.baseline, quote.time_s, quote.open


def outcome(bound: Recipe, body: bytes, size: int = 4096, offset_s: int = 0, **more: Any) -> Any:
    """The fields of the quote, or the reason for none."""
    try:
        made = fed(bound, body, size)
        return fields(made.quote(DATE_S, utc_s=lambda local_s, zone: local_s - offset_s, **more))
    except BadAnswer as error:
        return error.reason
