"""A release into the other slot, in the order that keeps the device bootable at every moment.

The bootloader looks at an image alone and tries even a slot that was given up. So the first sector
is erased first and programmed last: in between, whatever is cut off, nothing there looks like an
image. All else is read back and hashed before that.
"""

import hashlib

from seesaw.update import trailer
from seesaw.update.errors import InstallError

SECTOR = 4096
FLASH_ERASE = 6  # ioctl
BLOCK = 512  # bytes: the launcher refuses a bundle that is not of whole blocks


class Slot:
    """One slot as its sectors. part: a block device of 4096-byte blocks. feed: called per sector.

    begin() takes the slot out of use; end() brings it back: nothing in between can boot.
    """

    def __init__(self, part: object, feed: object, room: tuple):
        """room: three bytearrays of a sector each, made while the heap has room in one piece."""
        self.part = part
        self.feed = feed
        self.size = part.info()[3]
        self.first = None  # the first sector, held back
        self.written = 0  # sectors that had to be changed
        self._kept, self._held, self.buf = room

    def begin(self) -> None:
        # Where an install was cut off, what stands there is torn, and all of it is written again.
        self.part.readblocks(0, self._held)
        self.whole = min(self._held) != 0xFF
        self.part.ioctl(FLASH_ERASE, 0)
        self.first = self._kept

    def put(self, sector: int, data: bytearray, look: bool = False) -> None:
        """One sector's bytes. What holds them already is left alone in a slot that held a release,
        or if look."""
        self.feed()
        if sector == 0:
            self.first[:] = data
            return
        if look or self.whole:
            self.part.readblocks(sector, self._held)
            if self._held == data:
                return
        self.part.ioctl(FLASH_ERASE, sector)
        self.part.writeblocks(sector, data, 0)
        self.written += 1

    def end(self) -> None:
        """Program the held sector and read it back. Raises InstallError."""
        self.part.writeblocks(0, self.first, 0)
        self.part.readblocks(0, self._held)
        if self._held != self.first:
            raise InstallError("reads back wrong")
        self.first = None

    def sha256(self, offset: int, size: int) -> bytes:
        """Hash of what the flash holds there; the held sector counts as written."""
        hasher = hashlib.sha256()
        view = memoryview(self._held)
        for at in range(offset, offset + size, SECTOR):
            self.feed()
            count = min(SECTOR, offset + size - at)
            if at == 0 and self.first is not None:
                hasher.update(memoryview(self.first)[:count])
            else:
                self.part.readblocks(at // SECTOR, self._held)
                hasher.update(view[:count])
        return hasher.digest()


class Sink:
    """Collects a download into sectors, from an offset on; the last one is filled with FF."""

    def __init__(self, slot: Slot, offset: int):
        self.slot = slot
        self._first = offset // SECTOR
        self._buf = slot.buf
        self.rewind()

    def rewind(self) -> None:
        """What came counts for nothing: the download begins anew."""
        self.sector = self._first
        self.count = 0  # bytes that came
        self._used = 0

    def write(self, data: bytes) -> None:
        self.count += len(data)
        rest = memoryview(data)
        while len(rest):
            part = rest[: SECTOR - self._used]
            self._buf[self._used : self._used + len(part)] = part
            self._used += len(part)
            rest = rest[len(part) :]
            if self._used == SECTOR:
                self._flush()

    def close(self) -> None:
        if self._used:
            for at in range(self._used, SECTOR):
                self._buf[at] = 0xFF
            self._flush()

    def _flush(self) -> None:
        self.slot.put(self.sector, self._buf)
        self.sector += 1
        self._used = 0


def wanted_trailer(offer: object, slot_size: int) -> trailer.Trailer:
    """What the slot's trailer will say. Raises InstallError when the release does not fit."""
    runtime, bundle = offer.runtime, offer.bundle
    offset = -(-runtime.size // SECTOR) * SECTOR
    if offset + bundle.size > slot_size - trailer.FROM_END:
        raise InstallError("larger than the slot")
    if bundle.size % BLOCK:
        raise InstallError("not of whole blocks")
    made = trailer.Trailer(
        runtime.size, runtime.sha256, offset, bundle.size, bundle.sha256, offer.board,
        offer.version, offer.build_time,
    )  # fmt: skip
    try:
        trailer.pack(*made)
    except trailer.BadTrailer as error:
        raise InstallError("trailer: %s" % error)
    return made


def holds(slot: Slot, made: trailer.Trailer) -> bool:
    """Does the slot hold this release already, every byte of it?"""
    return (
        trailer.read(slot.part) == trailer.pack(*made)
        and slot.sha256(0, made.runtime_size) == made.runtime_sha256
        and slot.sha256(made.bundle_offset, made.bundle_size) == made.bundle_sha256
    )


def start_trial(boot: object, record: object, offer: object, server: bool) -> None:
    """The slot holds the offer: note the trial, select the slot, reset into it; never returns.

    server: is an update server set? Raises InstallError.
    """
    try:
        record.open(offer.bundle.sha256, offer.version, offer.trial_s, boot.scratch[0], server)
    except OSError as error:  # without a record a failed trial would come back for ever
        raise InstallError("no room to note the trial: %s" % error)
    try:
        boot.other.set_boot()
    except OSError as error:
        record.failed("set_boot: %s" % error)
        raise InstallError("set_boot: %s" % error)
    boot.reset("trial of " + offer.version)


def copy_runtime(slot: Slot, running: object, size: int) -> None:
    """The first `size` bytes of the running slot (whole sectors). Most releases share a runtime,
    a megabyte and more, so most sectors have their bytes already, also after a cut."""
    for sector in range(size // SECTOR):
        running.readblocks(sector, slot.buf)
        slot.put(sector, slot.buf, True)


async def install(offer: object, slot: Slot, running: object, same: bool, download: object) -> None:
    """Bring the slot to hold the offer. Raises InstallError, and what download raises.

    running: the running slot's block device, from which the runtime is copied when it is the same.
    download: async (part, sink) -> None, which may call the sink's rewind().
    """
    made = wanted_trailer(offer, slot.size)
    slot.begin()
    if same:
        copy_runtime(slot, running, made.bundle_offset)
    else:
        await _fetch(offer.runtime, Sink(slot, 0), download)
    await _fetch(offer.bundle, Sink(slot, made.bundle_offset), download)
    complete(slot, made)


async def _fetch(part: object, sink: Sink, download: object) -> None:
    await download(part, sink)
    sink.close()


def complete(slot: Slot, made: trailer.Trailer) -> None:
    """Runtime and bundle are written: the trailer, the proof of it all, the first sector."""
    raw = trailer.pack(*made)
    last = Sink(slot, slot.size - SECTOR)
    last.write(raw)
    last.close()
    if slot.sha256(0, made.runtime_size) != made.runtime_sha256:
        raise InstallError("the runtime's hash is wrong")
    if slot.sha256(made.bundle_offset, made.bundle_size) != made.bundle_sha256:
        raise InstallError("the bundle's hash is wrong")
    if trailer.read(slot.part) != raw:
        raise InstallError("reads back wrong")
    slot.end()
