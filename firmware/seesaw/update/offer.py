"""A release on offer: what it is, and where its two parts are."""

from micropython import const

from seesaw.update.errors import BadOffer

_TRIAL_FLOOR_S = const(10)  # a trial is never shorter, whatever the offer says
_TRIAL_MOST_S = const(600)  # a third of the launcher's deadline: proof and quotes need theirs
_NAME_MAX = const(24)  # characters of a version or a board


class Part:
    """Runtime or bundle: where it is (relative URL), bytes, SHA-256 (32 bytes). custom: of its
    target, as it came."""

    def __init__(self, url: str, size: int, sha256: str, custom: object = None):
        """sha256: in hex. Raises BadOffer."""
        try:
            self.sha256 = bytes.fromhex(sha256)
        except (ValueError, TypeError):
            raise BadOffer("size or sha256")
        if type(url) is not str or type(size) is not int or size <= 0 or len(self.sha256) != 32:
            raise BadOffer("size or sha256")
        self.url = url
        self.size = size
        self.custom = custom


class Offer:
    """A release on offer: version, board, build_time, trial_s, runtime and bundle Part."""

    def __init__(
        self, version: str, board: str, build_time: int, trial_s: int, runtime: Part, bundle: Part
    ):
        """build_time: seconds since 1970. trial_s: is brought into its bounds. Raises BadOffer."""
        for text in (version, board):
            # Short words of printable ASCII: they are shown on the serial line.
            if type(text) is not str or not 0 < len(text) <= _NAME_MAX:
                raise BadOffer("version or board")
            if min(text) < "!" or max(text) > "~":
                raise BadOffer("version or board")
        if type(trial_s) is not int or type(build_time) is not int or build_time >> 32:
            raise BadOffer("times")
        self.version = version
        self.board = board
        self.build_time = build_time
        self.trial_s = min(max(trial_s, _TRIAL_FLOOR_S), _TRIAL_MOST_S)
        self.runtime = runtime
        self.bundle = bundle
