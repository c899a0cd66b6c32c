"""A release as a web host serves it: `release.json` and the files it names.

The layout is the firmware's own (seesaw.update.offer reads it; firmware/SPEC.md, "Offer").
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from host_tools.image import bundle as bundles
from host_tools.image import flash_image
from host_tools.image.board import Board
from host_tools.image.bundle import Bundle

FORMAT = 1
OFFER = "release.json"


@dataclass(frozen=True, slots=True)
class Release:
    """One release for one board. files: URL path -> bytes, the offer among them."""

    version: str
    board: str
    files: dict[str, bytes]
    bundle: Bundle
    slot: list[tuple[int, bytes]]  # (offset in the slot, bytes), as manufacture writes it


def make(
    board: Board,
    version: str,
    app: bytes,
    *,
    source: Path = bundles.FIRMWARE,
    trial_s: int = 600,
    build_time: int = 0,
) -> Release:
    """Build a release of the firmware in `source` on the runtime `app`.

    trial_s: seconds that the app must prove itself; the firmware has a floor. UserError when it
    does not compile or does not fit the board's slot.
    """
    built = bundles.build(version, source)
    slot = flash_image.slot_image(board, app, built, build_time)
    runtime_url = f"runtime-{hashlib.sha256(app).hexdigest()[:16]}.bin"
    bundle_url = f"bundle-{version}.lfs"
    offer = {
        "format": FORMAT,
        "version": version,
        "board": board.name,
        "build_time": build_time,
        "trial_s": trial_s,
        "runtime": _part(runtime_url, app),
        "bundle": _part(bundle_url, built.image),
    }
    files = {
        OFFER: json.dumps(offer, indent=1).encode(),
        runtime_url: app,
        bundle_url: built.image,
    }
    return Release(version, board.name, files, built, slot)


def _part(url: str, data: bytes) -> dict[str, object]:
    return {"url": url, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
