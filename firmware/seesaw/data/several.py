"""What the app needs of a set for several instruments that take turns (SPEC, "Data targets").

{"turns": {instrument: entry}, "providers": {name: recipe}}: instruments share their recipes, so a
few of them find room where one does. The app takes one's part out of it (seesaw.rotation).
"""

import json

from seesaw.core.turn import names
from seesaw.data.part import part

SIZE_MAX = 2080  # bytes as JSON without blanks: with the state no more than NVS has for all of it
_FEEDS = (5, 3, 2)  # of each; fewer where that finds no room
_FIELDS = ("exchange", "sigma", "band")


def several(found: dict, settings: dict) -> dict:
    """Of a set that was checked. {} when it has none of them. Where two feeds of each find no room,
    those that are further back are left to what the release ships."""
    for most in _FEEDS:
        made, all_of_them = _several(found, settings, most)
        if all_of_them:
            break
    return made if made["turns"] else {}


def _several(found: dict, settings: dict, most: int) -> tuple:
    made, all_of_them = {"turns": {}, "providers": {}}, True
    for name in names(settings):
        one = part(found, name, settings["providers"], settings["keys"])
        if one:
            more = {"turns": dict(made["turns"]), "providers": dict(made["providers"])}
            entry = {field: one[field] for field in _FIELDS}
            entry["feeds"] = one["feeds"][:most]
            more["turns"][name] = entry
            for feed in entry["feeds"]:
                more["providers"][feed[0]] = one["providers"][feed[0]]
            if len(json.dumps(more, separators=(",", ":"))) <= SIZE_MAX:
                made = more
            else:
                all_of_them = False
    return made, all_of_them
