"""The 16 instruments of the simulated market: 11 stock indexes and 5 cryptocurrencies.

Hours are continuous trading in the exchange's own zone, as the exchanges publish them; holidays
and shortened days are not simulated. Zones come from `zoneinfo` (package `tzdata`).
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

Kind = Literal["index", "crypto"]
MONDAY_TO_FRIDAY = (0, 1, 2, 3, 4)
EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True)
class Instrument:
    """One instrument and the day of its exchange."""

    name: str
    title: str
    kind: Kind
    symbol: str  # the provider's: CNBC for an index, Bitstamp for a cryptocurrency
    sigma: float  # standard deviation of the daily log return, percent
    zone: str  # zoneinfo key
    hours: tuple[tuple[int, int], ...]  # (start, end) in minutes after local midnight
    price: float  # typical, in `currency`
    currency: str
    decimals: int
    weekdays: tuple[int, ...]  # Monday is 0

    def trades_on(self, day: date) -> bool:
        """Whether the exchange opens on this local date (by weekday alone)."""
        return day.weekday() in self.weekdays

    def sessions(self, day: date) -> tuple[tuple[int, int], ...]:
        """The (start, end) of each session of a local date, epoch seconds; empty if closed."""
        if not self.trades_on(day):
            return ()
        return tuple(
            (_epoch(self.zone, day, start), _epoch(self.zone, day, end))
            for start, end in self.hours
        )

    def local_date(self, epoch: float) -> date:
        """The exchange's date at an epoch time."""
        return datetime.fromtimestamp(epoch, ZoneInfo(self.zone)).date()

    def first_trading_day(self, after: date) -> date:
        """The first local date on or after `after` on which the exchange opens."""
        while not self.trades_on(after):
            after += timedelta(days=1)
        return after

    def minutes_a_day(self) -> int:
        """Trading minutes in one day, lunch break excluded."""
        return sum(end - start for start, end in self.hours)


@lru_cache(maxsize=4096)
def _epoch(zone: str, day: date, minute: int) -> int:
    """Of a minute after local midnight."""
    days, minute = divmod(minute, MINUTES_A_DAY)  # 24:00 is the next day's midnight
    local = datetime.combine(day + timedelta(days=days), time(*divmod(minute, 60)))
    return int(local.replace(tzinfo=ZoneInfo(zone)).timestamp())


def _hours(text: str) -> tuple[tuple[int, int], ...]:
    """The pairs of minutes in e.g. "09:00-11:30 12:30-15:30"."""
    def minute(clock: str) -> int:
        return int(clock[:2]) * 60 + int(clock[3:])

    return tuple((minute(span[:5]), minute(span[6:])) for span in text.split())


def _index(name: str, title: str, symbol: str, sigma: float, zone: str, hours: str,
           price: float, currency: str) -> Instrument:
    return Instrument(name, title, "index", symbol, sigma, zone, _hours(hours), price,
                      currency, 2, MONDAY_TO_FRIDAY)


def _crypto(name: str, title: str, symbol: str, sigma: float, price: float,
            decimals: int) -> Instrument:
    return Instrument(name, title, "crypto", symbol, sigma, "UTC", _hours("00:00-24:00"), price,
                      "USD", decimals, EVERY_DAY)


_NEW_YORK = ("America/New_York", "09:30-16:00")
_TABLE = (
    _index("sp500", "S&P 500", ".SPX", 1.13, *_NEW_YORK, 7700.0, "USD"),
    _index("dow", "Dow Jones Industrial Average", ".DJI", 1.01, *_NEW_YORK, 53000.0, "USD"),
    _index("nasdaq", "Nasdaq Composite", ".IXIC", 1.51, *_NEW_YORK, 26000.0, "USD"),
    _index("ftse100", "FTSE 100", ".FTSE", 0.92, "Europe/London", "08:00-16:30", 10200.0, "GBP"),
    _index("dax", "DAX", ".GDAXI", 1.15, "Europe/Berlin", "09:00-17:30", 25000.0, "EUR"),
    _index("cac40", "CAC 40", ".FCHI", 1.12, "Europe/Paris", "09:00-17:30", 8200.0, "EUR"),
    _index("nikkei225", "Nikkei 225", ".N225", 1.34, "Asia/Tokyo", "09:00-11:30 12:30-15:30",
           65000.0, "JPY"),
    _index("hangseng", "Hang Seng", ".HSI", 1.61, "Asia/Hong_Kong", "09:30-12:00 13:00-16:00",
           26500.0, "HKD"),
    _index("shanghai", "Shanghai Composite", ".SSEC", 1.05, "Asia/Shanghai",
           "09:30-11:30 13:00-15:00", 4000.0, "CNY"),
    _index("asx200", "S&P/ASX 200", ".AXJO", 1.03, "Australia/Sydney", "10:00-16:00", 8900.0,
           "AUD"),
    _index("nifty50", "Nifty 50", ".NSEI", 0.96, "Asia/Kolkata", "09:15-15:30", 26000.0, "INR"),
    _crypto("btc", "Bitcoin", "btcusd", 2.86, 85000.0, 0),
    _crypto("eth", "Ethereum", "ethusd", 3.57, 3000.0, 1),
    _crypto("sol", "Solana", "solusd", 5.37, 150.0, 2),
    _crypto("xrp", "XRP", "xrpusd", 4.28, 2.2, 5),
    _crypto("ltc", "Litecoin", "ltcusd", 3.91, 95.0, 2),
)
INSTRUMENTS: dict[str, Instrument] = {instrument.name: instrument for instrument in _TABLE}


def find(name: str) -> Instrument:
    """The instrument of that name. Raises ValueError, listing the names."""
    if name not in INSTRUMENTS:
        raise ValueError(f"unknown instrument {name!r}; one of: {', '.join(INSTRUMENTS)}")
    return INSTRUMENTS[name]
