"""The one error that people see."""


class UserError(Exception):
    """Something the user can put right: what failed, why, and what to do about it.

    Printed as one line: `seesaw: what: why; fix`. The command line ends with code 2.
    """

    def __init__(self, what: str, why: str, fix: str) -> None:
        super().__init__(f"{what}: {why}; {fix}")
        self.what = what
        self.why = why
        self.fix = fix
