"""The times in HTTP headers, in integers: Date (RFC 9110 5.6.7, IMF-fixdate) and Retry-After."""

from seesaw.core.quote import BadAnswer, iso_time_s

RETRY_AFTER_MAX_S = 21600  # 6 h
MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


def seconds(text: str) -> int:
    """Seconds since 1970 of "Sun, 06 Nov 1994 08:49:37 GMT"; 0 for anything else."""
    parts = text.split(" ")
    if len(parts) != 6 or parts[5] != "GMT" or len(parts[2]) != 3:
        return 0
    month = MONTHS.find(parts[2])
    if month < 0 or month % 3:
        return 0
    try:
        return iso_time_s("%s-%02d-%sT%s+0000" % (parts[3], month // 3 + 1, parts[1], parts[4]))
    except BadAnswer:
        return 0


def retry_after_s(value: str) -> int:
    """Seconds that a Retry-After header asks for, at most 6 h; 0 for none, a date or nonsense."""
    if not 0 < len(value) <= 9 or any(not "0" <= c <= "9" for c in value):
        return 0
    return min(int(value), RETRY_AFTER_MAX_S)
