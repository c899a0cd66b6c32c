"""What a look found to do: the other slot takes the offer, or is gone back to."""

from micropython import const

from seesaw.update.errors import InstallError
from seesaw.update.install import Slot, holds, install, start_trial, wanted_trailer
from seesaw.update.trailer import BadTrailer, read, unpack

_RECALLED = const(3)  # why a slot was left (SPEC, "NVS")


async def upgrade(updater, offer) -> None:
    """Install the offer unless the other slot holds it; ends in a reset into its trial.

    Raises HttpError and InstallError."""
    boot = updater.boot
    updater.say("offer", offer.version)
    slot = _other(updater)
    if holds(slot, wanted_trailer(offer, slot.size)):
        updater.say("present", offer.version)
    else:
        from seesaw.packed import download

        same = offer.runtime.sha256 == boot.trailer[1]
        try:
            await install(offer, slot, boot.slot, same, lambda *what: download(updater, *what))
        except InstallError as error:
            updater.record.hindered(offer.bundle.sha256, str(error), offer.version)
            raise
        updater.say("installed", "%s, %d sectors" % (offer.version, slot.written))
    start_trial(boot, updater.record, offer, True)


def _other(updater) -> Slot:
    return Slot(updater.boot.other, updater.boot.wdt.feed, updater.room)


def leave(updater, listed, why: str) -> None:
    """A recall: boot the other slot, without a download. Returns when that holds no whole release,
    or a recalled one, or when it was tried of late. listed: Releases. Raises InstallError."""
    boot, record = updater.boot, updater.record
    slot = _other(updater)
    try:
        made = unpack(read(slot.part))
    except BadTrailer:
        return
    bundle = made.bundle_sha256
    if listed.recalled(bundle) or not holds(slot, made) or record.skip(bundle):
        return
    record.hindered(bundle, why)  # should it not start: further off each time
    updater.chip.left(_RECALLED)
    try:
        boot.other.set_boot()
    except OSError as error:
        raise InstallError("set_boot: %s" % error)
    boot.reset(why)
