"""The sixteen instruments: eleven stock indexes and five cryptocurrencies.

name -> (title, provider, the provider's own symbol, sigma). The same index has another name at
every provider, so a symbol means nothing without its provider. sigma is the standard deviation of
one day's move in percent (log returns, close to close): indexes over five years, the ASX 200 over
one, cryptocurrencies over three.
"""

INSTRUMENTS = {
    "sp500": ("S&P 500", "cnbc", ".SPX", 1.13),
    "dow": ("Dow Jones", "cnbc", ".DJI", 1.01),
    "nasdaq": ("Nasdaq Composite", "cnbc", ".IXIC", 1.51),
    "ftse100": ("FTSE 100", "cnbc", ".FTSE", 0.92),
    "dax": ("DAX", "cnbc", ".GDAXI", 1.15),
    "cac40": ("CAC 40", "cnbc", ".FCHI", 1.12),
    "nikkei225": ("Nikkei 225", "cnbc", ".N225", 1.34),
    "hangseng": ("Hang Seng", "cnbc", ".HSI", 1.61),
    "shanghai": ("Shanghai Composite", "cnbc", ".SSEC", 1.05),
    "asx200": ("S&P/ASX 200", "cnbc", ".AXJO", 1.03),
    "nifty50": ("Nifty 50", "cnbc", ".NSEI", 0.96),
    "btc": ("Bitcoin", "bitstamp", "btcusd", 2.86),
    "eth": ("Ether", "bitstamp", "ethusd", 3.57),
    "sol": ("Solana", "bitstamp", "solusd", 5.37),
    "xrp": ("XRP", "bitstamp", "xrpusd", 4.28),
    "ltc": ("Litecoin", "bitstamp", "ltcusd", 3.91),
}

# Trade round the clock and move further: the acceptance gate gives them a wider band.
CRYPTO = ("btc", "eth", "sol", "xrp", "ltc")
