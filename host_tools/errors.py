"""The one error that people see."""

PART_MAX = 300  # characters of each part: what was typed may be anything


def _line(text: str) -> str:
    """One line that a terminal takes for text, whatever was typed or read."""
    clean = "".join(c if c.isprintable() else "?" for c in text)
    return clean if len(clean) <= PART_MAX else clean[: PART_MAX - 3] + "..."


class UserError(Exception):
    """Something the user can put right: what failed, why, and what to do about it.

    Printed as one line: `seesaw: what: why; fix`. The command line ends with code 2.
    """

    def __init__(self, what: str, why: str, fix: str) -> None:
        super().__init__(what, why, fix)  # as args: another process makes it anew from them
        self.what = what
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        return "; ".join((f"{_line(self.what)}: {_line(self.why)}", _line(self.fix)))


class Already(UserError):
    """What was asked for is so already. It may still have to be published."""
