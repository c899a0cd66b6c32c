"""Sets of feeds made from the one that ships, to be signed (firmware/SPEC.md, "Recipes")."""

import copy
import json
from typing import Any
from urllib.parse import urlsplit

from host_tools.image.settings import FEEDS

Found = dict[str, Any]


def shipped() -> Found:
    """The set that ships, to be changed at will."""
    found: Found = json.loads(FEEDS.read_bytes())
    return found


def text(found: Found) -> str:
    """As a file. Compact: a device has the whole of it in memory once."""
    return json.dumps(found, separators=(",", ":"))


def moved(found: Found, provider: str, base: str) -> Found:
    """The set with a provider at another base URL, such as http://cnbc:80; its host is listed."""
    made = copy.deepcopy(found)
    recipe = made["providers"][provider]
    where = urlsplit(recipe["url"])
    recipe["url"] = recipe["url"].replace(f"{where.scheme}://{where.netloc}", base, 1)
    host = urlsplit(base).netloc
    made["hosts"] = [*(one for one in made["hosts"] if one != host), host]
    return made


def renamed(found: Found, instrument: str, provider: str, symbol: str) -> Found:
    """The set with another symbol for an instrument at a provider."""
    made = copy.deepcopy(found)
    for feed in made["instruments"][instrument]["feeds"]:
        if feed[0] == provider:
            feed[1:] = [symbol]
    return made


def with_sigma(found: Found, instrument: str, sigma: object) -> Found:
    """The set with another volatility of an instrument, in percent a day."""
    made = copy.deepcopy(found)
    made["instruments"][instrument]["sigma"] = sigma
    return made
