"""What a path of a recipe may be (core/paths.py): checked with the set; so the app need not."""

STEPS_MAX = 8
STEP_MAX = 48  # bytes


def steps(path: str) -> list:
    """The steps of a path, checked. ValueError with the rule that it breaks."""
    found = path.split("/")
    if len(found) > STEPS_MAX:
        raise ValueError("a path has at most %d steps" % STEPS_MAX)
    chosen = 0
    for step in found:
        if not 0 < len(step) <= STEP_MAX:
            raise ValueError("a step of a path has 1 to %d characters" % STEP_MAX)
        if step[0] == "[":
            if step[-1] != "]":
                raise ValueError("a step that begins with [ ends with ]")
            if "=" in step:
                chosen += 1
            else:
                _index(step)
    if chosen > 1:
        raise ValueError("a path chooses by a field at most once")
    return found


def _index(step: str) -> int:
    digits = step[1:-1]
    if not 0 < len(digits) <= 3 or not all("0" <= c <= "9" for c in digits):
        raise ValueError("an item is [NUMBER] or [FIELD=VALUE]")
    return int(digits)
