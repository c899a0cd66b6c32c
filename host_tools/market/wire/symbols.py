"""What each provider calls each instrument. The same index has four names, so none is in code."""

Symbols = dict[str, str]
"""Name of an instrument -> the provider's symbol; an instrument that is not covered is absent."""

CNBC: Symbols = {
    "sp500": ".SPX", "dow": ".DJI", "nasdaq": ".IXIC", "ftse100": ".FTSE", "dax": ".GDAXI",
    "cac40": ".FCHI", "nikkei225": ".N225", "hangseng": ".HSI", "shanghai": ".SSEC",
    "asx200": ".AXJO", "nifty50": ".NSEI",
}  # fmt: skip
CBOE: Symbols = {"sp500": "_SPX"}
FUNDS: Symbols = {
    "sp500": "SPY", "dow": "DIA", "nasdaq": "ONEQ", "ftse100": "EWU", "dax": "EWG",
    "cac40": "EWQ", "nikkei225": "EWJ", "hangseng": "EWH", "shanghai": "MCHI", "asx200": "EWA",
    "nifty50": "INDA",
}  # fmt: skip
EASTMONEY: Symbols = {
    "sp500": "100.SPX", "dow": "100.DJIA",
    "nasdaq": "100.NDX",  # their name: it is the Composite
    "ftse100": "100.FTSE", "dax": "100.GDAXI", "cac40": "100.FCHI", "nikkei225": "100.N225",
    "hangseng": "100.HSI", "shanghai": "1.000001", "asx200": "100.AS51",
}  # fmt: skip
TENCENT: Symbols = {
    "sp500": "usINX", "dow": "usDJI", "nasdaq": "usIXIC", "hangseng": "hkHSI",
    "shanghai": "sh000001",
}  # fmt: skip
YAHOO: Symbols = {
    "sp500": "^GSPC", "dow": "^DJI", "nasdaq": "^IXIC", "ftse100": "^FTSE", "dax": "^GDAXI",
    "cac40": "^FCHI", "nikkei225": "^N225", "hangseng": "^HSI", "shanghai": "000001.SS",
    "asx200": "^AXJO", "nifty50": "^NSEI",
    "btc": "BTC-USD", "eth": "ETH-USD", "sol": "SOL-USD", "xrp": "XRP-USD", "ltc": "LTC-USD",
}  # fmt: skip
COINS = ("btc", "eth", "sol", "xrp", "ltc")
BITSTAMP: Symbols = {coin: coin + "usd" for coin in COINS}
COINBASE: Symbols = {coin: f"{coin.upper()}-USD" for coin in COINS}
KRAKEN: Symbols = {"btc": "XBTUSD"} | {coin: f"{coin.upper()}USD" for coin in COINS[1:]}
# Kraken answers under another key than it was asked for; SOL alone keeps its name.
KRAKEN_KEYS: Symbols = {
    "XBTUSD": "XXBTZUSD", "ETHUSD": "XETHZUSD", "SOLUSD": "SOLUSD", "XRPUSD": "XXRPZUSD",
    "LTCUSD": "XLTCZUSD",
}  # fmt: skip
BINANCE: Symbols = {coin: f"{coin.upper()}USDT" for coin in COINS}
COINGECKO: Symbols = {
    "btc": "bitcoin", "eth": "ethereum", "sol": "solana", "xrp": "ripple", "ltc": "litecoin",
}  # fmt: skip
