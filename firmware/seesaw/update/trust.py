"""The one seam where trust goes: from bytes off the network to an offer that may be acted upon.

Nothing is verified yet beyond form: signatures are to be checked here and nowhere else. Until then
whoever answers for the update server can offer a release; the trial still guards against bad ones.
"""

from seesaw.update.offer import BadOffer, Offer

VERIFIED = False  # said aloud on the serial line with every offer


def check(raw: bytes) -> Offer:
    """The offer in these bytes. Raises BadOffer."""
    try:
        return Offer(raw)
    except BadOffer:
        raise
    except Exception as error:
        # Whatever a server sends, it must not stop the updater: that would be held against us.
        raise BadOffer("%s: %s" % (type(error).__name__, error))
