"""A release on offer (firmware/SPEC.md, "Offer"): made of signed metadata, or pushed by cable."""

TRIAL_FLOOR_S = 10  # a trial is never shorter, whatever the offer says
TRIAL_MOST_S = 600  # a third of the launcher's deadline: the proof and the quotes need theirs
NAME_MAX = 24  # characters of a version or a board


class BadOffer(Exception):
    """The offer is refused; the one argument says why."""


class Nothing(Exception):
    """There is nothing to install; the one argument says why."""


class Part:
    """Runtime or bundle: where it is (relative URL), bytes, SHA-256 (32 bytes)."""

    def __init__(self, found: dict):
        self.url = _field(found, "url", str)
        self.size = _field(found, "size", int)
        try:
            self.sha256 = bytes.fromhex(_field(found, "sha256", str))
        except ValueError:
            raise BadOffer("sha256 is not hexadecimal")
        if len(self.sha256) != 32 or self.size <= 0:
            raise BadOffer("a part's size or sha256")


class Offer:
    """A release on offer: version, board, runtime and bundle Part, trial_s, build_time."""

    def __init__(self, found: dict, runtime: Part, bundle: Part):
        """Raises BadOffer."""
        self.version = _name(found, "version")
        self.board = _name(found, "board")
        self.build_time = _field(found, "build_time", int)
        if not 0 <= self.build_time < 1 << 32:
            raise BadOffer("build_time")
        self.trial_s = min(max(_field(found, "trial_s", int), TRIAL_FLOOR_S), TRIAL_MOST_S)
        self.runtime = runtime
        self.bundle = bundle


def _name(found: dict, name: str) -> str:
    """A short word of printable ASCII: it is shown on the serial line."""
    text = _field(found, name, str)
    if not 0 < len(text) <= NAME_MAX or not all("!" <= c <= "~" for c in text):
        raise BadOffer(name)
    return text


def _field(found: dict, name: str, kind: type) -> object:
    value = found.get(name)
    if type(value) is not kind:
        raise BadOffer(name + " is missing or of the wrong type")
    return value
