"""One look for a release: is the boot record in order, what is listed, and which of it to take."""

from micropython import const

from seesaw.core import looks
from seesaw.repository import query
from seesaw.update import otadata
from seesaw.update.client import Client, unchanged
from seesaw.update.errors import Nothing, TufError
from seesaw.update.metadata import ISSUED, read

_LOOK_S = const(600)  # deadline of all metadata; roots that came are kept for the next look


async def look(updater) -> None:
    """Sets updater.offer, or raises as _offer does: usually Nothing. Raises InstallError."""
    boot = updater.boot
    told = boot.scratch
    alone = looks.alone(told)
    boot.scratch = looks.heard(told)
    boot.keep(boot.pulse_ns)  # at once: should this session fall, the next one looks for a cure
    running = boot.subtype - 16
    action = otadata.plan(updater.chip.otadata(), running)
    if action == "reset":
        boot.reset("boot record: the other slot")
    if action == "heal":
        updater.say("heal")
        boot.slot.set_boot()
        boot.reset("boot record healed")
    updater.site.query = query(
        boot.version, running, action, updater.record.failure, updater.chip.device_id(),
        _bound_s(updater), looks.market(updater.settings, told),
    )  # fmt: skip
    updater.offer = await _offer(updater, alone)


def _bound_s(updater) -> int:
    """The signed bound of time, as far as it is known before a look."""
    try:
        stored = read(updater.files.load("timestamp.json") or b"", "timestamp")[0]
    except TufError:
        stored = {}
    return max(updater.built_s(), stored.get(ISSUED, 0))


async def _offer(updater, alone: bool):
    """The newest release for this device. alone: nobody asks for one, only for data. Raises
    Nothing, TufError, BadOffer."""
    boot, fetch, files = updater.boot, updater.site.metadata, updater.files
    updater.site.begin(_LOOK_S)
    if await unchanged(files, fetch, updater.now_s, updater.who()):
        raise Nothing("up to date")
    client = Client(files, fetch, updater.root, updater.now_s, boot.wdt.feed)
    try:
        listed = await updater.releases(client, _LOOK_S)
    except Nothing:
        updater.client, updater.done = client, True
        raise
    updater.client = client
    if alone:
        raise Nothing("for data alone")
    times = updater.clock.epoch_s() or None, max(updater.built_s(), listed.issued_s) or None
    running = updater.board, boot.version, boot.bundle, updater.chip.device_id()
    word, offer, words = listed.choose(running, times, updater.record, True)
    if word == "recall":
        from seesaw.upgrade import leave

        leave(updater, listed, words)
        word, offer, words = listed.choose(running, times, updater.record, False)
    if word == "nothing":
        updater.done = words == "up to date"  # all else may be another matter at the next look
        raise Nothing(words)
    return offer
