"""Which version is newer: a total order, by numbers, never by letters (1.9 < 1.10 < 2.0-rc1 < 2.0).

Runs of digits compare as numbers; a pre-release part comes before the version itself.
"""

LENGTH_MAX = 24  # characters


def _runs(text: str) -> list:
    """Digits as (1, n, ""), other runs as (0, 0, text); separators split."""
    runs = []
    run = ""
    for c in text + ".":
        digit = "0" <= c <= "9"
        if run and (c in ".-+" or digit != ("0" <= run[0] <= "9")):
            runs.append((1, int(run), "") if "0" <= run[0] <= "9" else (0, 0, run))
            run = ""
        if c not in ".-+":
            run += c
    return runs


def key(version: str) -> tuple:
    """Something that compares as the version does. ValueError for what is no version."""
    if not 0 < len(version) <= LENGTH_MAX or not "0" <= version[0] <= "9":
        raise ValueError("not a version: " + version[:LENGTH_MAX])
    number, _, pre = version.partition("+")[0].partition("-")
    numbers = _runs(number)
    while numbers and numbers[-1] == (1, 0, ""):
        numbers.pop()  # 1.0 is 1
    return numbers, not pre, _runs(pre)


def newer(candidate: str, current: str) -> bool:
    """Is the candidate newer? ValueError for what is no version."""
    return key(candidate) > key(current)
