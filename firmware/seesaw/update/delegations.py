"""Which delegated roles may speak of a target's path (The Update Framework, section 4.5)."""

from hashlib import sha256


def matching(targets: dict, path: str) -> tuple:
    """(names, stop): the roles to which this targets role delegates the path, in order.

    stop: the last of them is terminating, so nobody else is asked.
    """
    names = []
    for role in targets.get("delegations", {"roles": ()})["roles"]:
        if _speaks_of(role, path):
            names.append(role["name"])
            if role["terminating"]:
                return names, True
    return names, False


def _speaks_of(role: dict, path: str) -> bool:
    prefixes = role.get("path_hash_prefixes")
    patterns = role.get("paths")
    if (prefixes is None) == (patterns is None):
        return False  # one of them, says the specification
    digest = sha256(path.encode()).digest().hex()
    for prefix in prefixes or ():
        if digest.startswith(prefix):
            return True
    parts = path.split("/")
    for pattern in patterns or ():
        pattern = pattern.split("/")
        left = len(pattern) == len(parts) and len(parts)
        while left and glob(pattern[left - 1], parts[left - 1]):  # a wildcard matches no separator
            left -= 1
            if not left:
                return True
    return False


def glob(pattern: str, text: str) -> bool:
    """Does a shell pattern match all of the text? `*`, `?`, `[abc]`, `[a-z]` and `[!abc]`.

    What is wrong with a star is put right at the last one alone, so the time is bounded by the
    product of the lengths.
    """
    at = i = 0
    star = -1  # place of the last star
    start = 0  # of the text after what the last star takes
    while i < len(text):
        c = pattern[at : at + 1]
        after = _one(pattern, at, text[i]) if c else 0
        if c == "*":
            star = at
            start = i
            at += 1
        elif after:
            at = after
            i += 1
        elif star >= 0:
            at = star + 1
            start += 1
            i = start
        else:
            return False
    return not pattern[at:].strip("*")


def _one(pattern: str, at: int, letter: str) -> int:
    """The place after the part of the pattern that takes this letter; 0 when it does not."""
    c = pattern[at]
    end = pattern.find("]", at + (3 if pattern[at + 1 : at + 2] == "!" else 2))
    if c == "[" and end > 0:
        at += 1
        negated = pattern[at] == "!"
        return end + 1 if _in_class(pattern[at + negated : end], letter) != negated else 0
    return at + 1 if c in ("?", letter) else 0


def _in_class(letters: str, letter: str) -> bool:
    i = 0
    while i < len(letters):
        last = i + 2 if letters[i + 1 : i + 2] == "-" and i + 2 < len(letters) else i
        if letters[i] <= letter <= letters[last]:
            return True
        i = last + 1
    return False
