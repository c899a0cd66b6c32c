"""The calendar of an exchange that never closes, in place of core/sessions.py."""


class Always:
    """As Sessions."""

    zone = None

    def state(self, now_s: int) -> tuple:
        return "open", 0
