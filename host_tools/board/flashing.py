"""A whole flash image goes to a chip: what is there, what has to be written, and that it holds."""

import hashlib
from dataclasses import dataclass

from seesaw.update import trailer

from host_tools.board import rewrite
from host_tools.board.chip import Chip
from host_tools.board.rewrite import Area, Plan
from host_tools.image import table


@dataclass(frozen=True, slots=True)
class Found:
    """What the flash of a board holds beside an image. seesaws: the (board, version) of the
    releases in its slots; runs: the slot that its otadata selects, None with another table."""

    seesaws: tuple[tuple[str, str], ...]
    runs: str | None

    @property
    def title(self) -> str:
        known = ", ".join(f"{board} {version}" for board, version in self.seesaws)
        return f"a seesaw ({known})" if known else "no seesaw"


def look(chip: Chip, image: bytes) -> Found:
    """Raises TROUBLE."""
    areas = rewrite.areas_of(image)
    if "otadata" not in areas:
        return Found((), None)
    if not rewrite.same_table(image, chip.read(table.TABLE_OFFSET, table.TABLE_SIZE)):
        return Found((), None)
    seesaws = [release(_trailer(chip, areas[slot])) for slot in rewrite.SLOTS]
    otadata = areas["otadata"]
    runs = rewrite.selected(image, chip.read(otadata.offset, otadata.size))
    return Found(tuple(found for found in seesaws if found), runs)


def release(packed: bytes) -> tuple[str, str] | None:
    """(board, version) of a trailer."""
    try:
        found = trailer.unpack(packed)
    except trailer.BadTrailer:
        return None
    return found.board, found.version


def release_of(image: bytes) -> tuple[str, str] | None:
    """Of the release in an image's first slot that has one."""
    areas = rewrite.areas_of(image)
    for slot in (areas[label] for label in rewrite.SLOTS if label in areas):
        if found := release(slot.of(image)[-trailer.FROM_END :]):
            return found
    return None


def planned(chip: Chip, image: bytes, found: Found, kept: set[str]) -> Plan:
    """What differs, in the order that is safe. Raises TROUBLE."""
    areas = rewrite.areas_of(image)
    same = {
        label for label, area in areas.items()
        if label not in kept and chip.md5(area.offset, area.size) == _md5(area.of(image))
    }  # fmt: skip
    copied = False
    if found.runs and found.runs not in same:
        target = rewrite.selected(image, areas["otadata"].of(image))
        (other,) = (areas[label] for label in rewrite.SLOTS if label != target)
        copied = chip.md5(other.offset, other.size) == _md5(areas[target].of(image))
    return rewrite.plan(image, same=same, kept=kept, runs=found.runs, copied=copied)


def write(chip: Chip, image: bytes, plan: Plan, kept: set[str]) -> None:
    """Then all of it is verified, but for what is kept. Raises TROUBLE."""
    for step in plan.steps:
        chip.write(step.area.offset, step.data)
    areas = rewrite.areas_of(image).values()
    chip.verify([(a.offset, a.of(image)) for a in areas if a.label not in kept])


def words(plan: Plan, kept: set[str]) -> list[str]:
    """What a plan means to the person who is asked."""
    if not plan.steps:
        return ["It holds all of this already: nothing is erased, it is only verified."]
    lines = ["It will erase and write: " + ", ".join(map(str, plan.areas)) + "."]
    if kept:
        lines.append(f"It keeps {', '.join(sorted(kept))}: Wi-Fi, settings, keys.")
    if plan.always_boots:
        lines.append("If the cable is pulled meanwhile, it boots all the same; run it again then.")
    else:
        lines.append("Until that is through, the board may not start: leave the cable alone.")
    return lines


def _trailer(chip: Chip, slot: Area) -> bytes:
    return chip.read(slot.offset + slot.size - trailer.FROM_END, 192)[: trailer.SIZE]


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
