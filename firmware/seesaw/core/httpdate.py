"""The times in HTTP headers: Date (RFC 9110 5.6.7, IMF-fixdate) and Retry-After."""

RETRY_AFTER_MAX_S = 21600  # 6 h
MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


def iso(text: str) -> str:
    """"1994-11-06T08:49:37Z" for "Sun, 06 Nov 1994 08:49:37 GMT"; "" for another form. Whether
    there is such a day is for its reader to say."""
    parts = text.split(" ")
    right = len(parts) == 6 and parts[5] == "GMT" and len(parts[2]) == 3
    month = MONTHS.find(parts[2]) if right else -1
    if month % 3:  # so is -1
        return ""
    return "%s-%02d-%sT%sZ" % (parts[3], month // 3 + 1, parts[1], parts[4])


def time_s(text: str) -> int:
    """Seconds since 1970, 0 for another form and for no such day."""
    from seesaw.core.quote import BadAnswer, iso_time_s  # the updater has its own reader

    try:
        return iso_time_s(iso(text))
    except BadAnswer:
        return 0


def retry_after_s(value: str, date_s: int = 0) -> int:
    """Seconds that a Retry-After header asks for, at most 6 h; 0 for none and nonsense.

    date_s: the Date of the same answer, 0 without: a Retry-After may name a moment instead.
    """
    if not value or any(not "0" <= c <= "9" for c in value):
        wait_s = time_s(value) - date_s if date_s else 0
    else:
        wait_s = int(value)
    return min(max(wait_s, 0), RETRY_AFTER_MAX_S)
