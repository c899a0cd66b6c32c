"""Hardware that is not as it should be, by name and value, beside the Options of a board.
The owner's line is of it, too: what is wrong there may last.

A place is 'label:number', a sector counted from the start of a partition.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from host_tools.emulator.board import PWRON
from host_tools.emulator.errors import ChipReset
from host_tools.emulator.flash import PAGE, PROGRAM_MAX
from host_tools.emulator.otadata import Entry, State, write_entry
from host_tools.emulator.partitions import PartitionTable
from host_tools.image import filesystem
from host_tools.prove.networks import RESET, Actions, bent

if TYPE_CHECKING:
    from host_tools.prove.seesaw import LiveSeesaw

ROT = bytes(8)  # bits that have lost their charge
ROT_AT = 5000  # bytes from the start of what rots
SPARE_BLOCKS = 4  # of a full file system: its superblocks, and the index of the one file
BROWN_OUTS = 5  # of a weak supply, each as the servo starts


def power_cycle(live: LiveSeesaw, why: str) -> None:
    """The power goes and comes back at once; never returns. To be called from an alarm or from a
    call into the chip, so that nothing of the firmware runs on."""
    board = live.device.board
    boots = board.boots
    board.power_on()
    board.boots = boots  # of the whole run
    live.struck += 1
    raise ChipReset(PWRON, why)


def _page(live: LiveSeesaw, place: str) -> int:
    label, _, number = place.partition(":")
    return live.subject.kit.board.partition(label).offset // PAGE + int(number)


def _bad(live: LiveSeesaw, places: str) -> None:
    """These sectors, 'label:number,label:number', take no change."""
    live.flash.bad |= {_page(live, place) for place in places.split(",")}


def _rot(live: LiveSeesaw, where: str) -> None:
    """'label:runtime' or 'label:bundle': bits are lost in that part of the slot's release."""
    label, _, part = where.partition(":")
    start = live.subject.kit.board.partition(label).offset
    if part == "bundle":
        start += live.subject.kit.releases[live.subject.candidate].slot[1][0]
    live.flash.program(start + ROT_AT, ROT)


def _data(live: LiveSeesaw, how: str) -> None:
    """The data partition as something else has left it: 'rotten', 'full' of one file, 'newer', by a
    driver whose file systems ours does not know, or 'earlier', with the files of the first day."""
    place = live.subject.kit.board.partition("data")
    blocks = place.size // PAGE
    image = bytes(2 * PAGE)
    if how == "full":
        room = place.size - SPARE_BLOCKS * PAGE
        image = filesystem.build({"diary": bytes(room)}, PAGE, blocks)
    if how == "newer":
        image = filesystem.newer(filesystem.build({}, PAGE, blocks), PAGE)
    if how == "earlier":
        image = filesystem.build(_first_day(live), PAGE, blocks)
    for at in range(0, len(image), PAGE):
        live.flash.erase(place.offset + at, PAGE)
        for piece in range(at, at + PAGE, PROGRAM_MAX):
            live.flash.program(place.offset + piece, image[piece : piece + PROGRAM_MAX])


def _first_day(live: LiveSeesaw) -> dict[str, bytes]:
    """What a device keeps of the repository of the release before the candidate."""
    site = live.subject.kit.releases[live.subject.old].site
    found = {path.rpartition("/")[2]: raw for path, raw in site.items() if "metadata/" in path}
    return {name.lstrip("0123456789.") : raw for name, raw in found.items()}


def _brown_out(live: LiveSeesaw, rtc: str) -> None:
    """The supply breaks down at the first pulse after a start. rtc: Options.rtc."""
    live.device.board.options.rtc = rtc
    pwm = live.device.board.pwm
    last = [0]  # the boot of the last pulse

    def pulse(pin: int, ns: int) -> None:
        if ns and last[0] != live.device.board.boots and live.struck < BROWN_OUTS:
            last[0] = live.device.board.boots
            power_cycle(live, "brown-out")

    pwm.on_pulse = pulse


def _entry(live: LiveSeesaw, wanted: str) -> None:
    """'index:seq:STATE,...': entries of the boot record as another firmware may have left them."""
    otadata = PartitionTable.read(live.flash).otadata
    assert otadata, "a seesaw has a boot record"
    for one in wanted.split(","):
        index, seq, state = one.split(":")
        write_entry(live.flash, otadata, int(index), Entry.make(int(seq), State[state]))


def _entry_rots(live: LiveSeesaw, index: str) -> None:
    """That entry of the boot record loses its sequence while the app of a trial follows."""

    def hear(line: str) -> None:
        trial = "event=proved" in "".join(live.lines[-2:-1])
        if trial and " state=LIVE " in line and not live.struck:
            live.struck += 1
            otadata = PartitionTable.read(live.flash).otadata
            assert otadata, "a seesaw has a boot record"
            live.flash.program(otadata.offset + int(index) * PAGE, bytes(4))

    live.watchers.append(hear)


def _line(live: LiveSeesaw, most: str) -> None:
    """So many bytes, and no more, come over any connection."""

    def bend(answered: Actions) -> Actions:
        whole = b"".join(action[1] for action in answered if action[0] == "data")
        if len(whole) <= int(most):
            return answered
        live.struck += 1
        return [("data", whole[: int(most)]), *RESET]

    bent(live, bend)


HARDWARE: dict[str, Callable[[LiveSeesaw, str], None]] = {
    "entry": _entry,
    "entry_rots": _entry_rots,
    "bad_sectors": _bad,  # for ever
    "tired_sectors": _bad,  # while it is too hot, or the supply too weak
    "rot": _rot,
    "data": _data,
    "line": _line,
    "brown_out": _brown_out,
}
