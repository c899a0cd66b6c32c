"""In which order a flash is rewritten, so that a pulled cable leaves a board that boots.

Values in, values out. The bootloader takes the slot that otadata names, and the other one when
that is damaged; the launcher does the same with a damaged bundle. So while the slot that is to run
is rewritten, the other one stands in: as it is if it runs now, else with a copy of what is to come.
Nothing stands in for the bootloader, the table and the launcher; they are left alone when equal.
"""

from dataclasses import dataclass

from host_tools.errors import UserError
from host_tools.image import inspect, table

SLOTS = ("ota_0", "ota_1")
FIXED = ("boot", "vfs")  # what no slot stands in for
KEEPS = "nvs"  # the owner's settings


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the flash: a partition, or 'boot', which is all before the first."""

    label: str
    offset: int
    size: int

    def of(self, image: bytes) -> bytes:
        return image[self.offset : self.offset + self.size]

    def __str__(self) -> str:
        return f"{self.label} ({self.size >> 10} KiB)"


@dataclass(frozen=True, slots=True)
class Step:
    area: Area
    data: bytes


@dataclass(frozen=True, slots=True)
class Plan:
    """steps: in this order. always_boots: at every moment between and in them."""

    steps: tuple[Step, ...]
    always_boots: bool

    @property
    def areas(self) -> list[Area]:
        return sorted({step.area for step in self.steps}, key=lambda area: area.offset)


def areas_of(image: bytes) -> dict[str, Area]:
    """The areas of a whole flash, with no gap between. One, called 'flash', when its table is none
    that these tools make: any board can be saved and written back."""
    try:
        found = inspect.examine(image, "the image")["partitions"]
    except UserError:
        return {"flash": Area("flash", 0, len(image))}
    starts = [("boot", 0), *((part["label"], part["offset"]) for part in found)]
    ends = [*(at for _, at in starts[1:]), len(image)]
    return {
        label: Area(label, at, end - at) for (label, at), end in zip(starts, ends, strict=True)
    }


def selected(image: bytes, otadata: bytes) -> str:
    """The slot that this content of otadata names, whatever is in it; ota_0 when it names none."""
    at = areas_of(image)["otadata"].offset
    whole = image[:at] + otadata + image[at + len(otadata) :]
    entries = [e for e in inspect.examine(whole, "the image")["otadata"] if e["slot"]]
    return str(max(entries, key=lambda entry: entry["seq"])["slot"]) if entries else SLOTS[0]


def plan(
    image: bytes, *, same: set[str], kept: set[str], runs: str | None, copied: bool = False
) -> Plan:
    """same: labels of areas that hold already what the image does; kept: those to be left alone;
    runs: the slot that the board's otadata selects, None when it has none; copied: the other
    slot than the image's holds already what the image's does."""
    areas = areas_of(image)
    todo = [label for label in areas if label not in same | kept]
    if not runs or any(label not in same for label in FIXED):
        return Plan(tuple(Step(areas[label], areas[label].of(image)) for label in todo), False)
    target = selected(image, areas["otadata"].of(image))
    (other,) = (label for label in SLOTS if label != target)
    steps = []
    if target in todo:
        new = areas[target].of(image)
        if runs == target and not copied:
            steps.append(Step(areas[other], new))
        steps.append(Step(areas[target], new))
        if other not in todo and steps[0].area.label == other:
            todo.append(other)
    order = ["otadata", *(label for label in todo if label not in (target, "otadata"))]
    steps += [Step(areas[label], areas[label].of(image)) for label in order if label in todo]
    return Plan(tuple(steps), True)


def same_table(image: bytes, found: bytes) -> bool:
    """found: what the board has in the table's place."""
    return found == image[table.TABLE_OFFSET : table.TABLE_OFFSET + table.TABLE_SIZE]
