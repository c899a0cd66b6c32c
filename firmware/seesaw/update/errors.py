"""Why a look comes to nothing: the tree of what is refused of metadata, and what is no offer.

The message of a TufError says which role and what is wrong with it. None changes what is trusted.
"""


class TufError(Exception):
    """Any of the below."""


class BadMetadata(TufError):
    """The bytes are no metadata of their role (specification, section 4)."""


class Unsigned(TufError):
    """Fewer keys than the role's threshold have signed."""


class Expired(TufError):
    """It is past its date: perhaps somebody holds newer metadata back (a freeze attack)."""


class Rollback(TufError):
    """A version is lower than one that was trusted, or a role has vanished from snapshot."""


class Mismatch(TufError):
    """Length, hash or version is not what the signed metadata above says."""


class FetchError(TufError):
    """A file could not be fetched. Whoever hands in `fetch` raises it."""


class Missing(FetchError):
    """The server says that there is no such file (404, 403)."""


class BadOffer(Exception):
    """The offer is refused; the one argument says why."""


class Nothing(Exception):
    """There is nothing to install; the one argument says why."""


class InstallError(Exception):
    """The slot does not hold what was promised; the one argument says what."""
