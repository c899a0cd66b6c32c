"""An offer as JSON (firmware/SPEC.md, "Offer"): what a cable pushes, and what is kept of a release.

Nobody has signed it. The updater does not load this.
"""

import json

from seesaw.update.errors import BadOffer
from seesaw.update.offer import Offer, Part


def parse(raw: bytes) -> Offer:
    """The offer in a JSON object of format 1. Raises BadOffer."""
    try:
        found = json.loads(raw)
    except (ValueError, RuntimeError):
        raise BadOffer("not JSON")
    if not isinstance(found, dict) or found.get("format") != 1:
        raise BadOffer("not format 1")
    said = [found.get(name) for name in ("version", "board", "build_time", "trial_s")]
    return Offer(*said, _part(found, "runtime"), _part(found, "bundle"))


def _part(found: dict, name: str) -> Part:
    part = found.get(name)
    if not isinstance(part, dict):
        raise BadOffer("a part is missing")
    return Part(part.get("url"), part.get("size"), part.get("sha256"))
