"""What targets metadata says: who may speak of a path, and what a target file is like.

The Update Framework 1.0.34, section 4.5.
"""

from hashlib import sha256

from seesaw.update.errors import Mismatch


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
    prefixes = role.get("path_hash_prefixes", ())
    patterns = role.get("paths", ())
    if prefixes and patterns:
        return False  # only one of them, says the specification
    digest = sha256(path.encode()).digest().hex()
    for prefix in prefixes:
        if digest.startswith(prefix):
            return True
    parts = path.split("/")
    for pattern in patterns:
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
    at += 1
    negated = pattern[at : at + 1] == "!"
    end = pattern.find("]", at + negated + 1)
    if c != "[" or end < 0:
        return at if c in ("?", letter) else 0
    at += negated
    found = False
    while at < end:
        last = at + 2 if pattern[at + 1] == "-" and at + 2 < end else at
        found = found or pattern[at] <= letter <= pattern[last]
        at = last + 1
    return end + 1 if found != negated else 0


def quote(text: str, unquoted: str = "") -> str:
    """Percent-encoded UTF-8, as urllib.parse.quote(text, ""): part of a URL, or a file's name."""
    out = ""
    for b in text.encode():
        c = chr(b)
        plain = b < 128 and (c.isalpha() or c.isdigit() or c in "_.-~" + unquoted)
        out += c if plain else "%%%02X" % b
    return out


def url(path: str, hashes: dict, consistent: bool) -> str:
    """Of a target file, relative to the server's targets. consistent: is its name preceded by a
    hash? Then there must be one that check() knows."""
    folder, slash, name = path.rpartition("/")
    if consistent:
        name = (hashes.get("sha256") or hashes["sha512"]) + "." + name
    return quote(folder + slash + name, "/")


def check(what: str, raw: bytes, listed: dict, pause) -> None:
    """Raises Mismatch unless these bytes are what is listed: "length", and "hashes" (algorithm ->
    hex), either of which may be missing. Hashes that are known must all match, and one must be
    known. what: for messages."""
    hashes = listed.get("hashes")
    good = hashes is None
    for name in hashes or ():
        if name == "sha256":
            running = sha256()
        elif name == "sha512":
            # Only when it is named: working out its constants takes the chip a moment.
            from seesaw.crypto.sha512 import Sha512

            running = Sha512(pause)
        else:
            continue
        running.update(raw)
        good = running.digest().hex() == hashes[name]
        if not good:
            break
    if not good or listed.get("length", len(raw)) != len(raw):
        raise Mismatch(what + ": other bytes")
