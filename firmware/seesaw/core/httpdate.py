"""The time in an HTTP Date header (RFC 9110 5.6.7, IMF-fixdate)."""

MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


def iso(text: str) -> str:
    """"1994-11-06T08:49:37Z" for "Sun, 06 Nov 1994 08:49:37 GMT"; "" for another form. Whether
    there is such a day is for its reader to say."""
    parts = text.split(" ")
    if len(parts) != 6 or parts[5] != "GMT" or len(parts[2]) != 3:
        return ""
    month = MONTHS.find(parts[2])
    if month < 0 or month % 3:
        return ""
    return "%s-%02d-%sT%sZ" % (parts[3], month // 3 + 1, parts[1], parts[4])
