"""The owner's quiet hours: when the beam keeps still whatever the market does."""


def quiet(local_s: int, start_min: int, end_min: int) -> bool:
    """Is it quiet? local_s: seconds since 1970 by the owner's clock. The hours run from start_min
    up to end_min, minutes of the day, over midnight when they must; equal means that there are
    none."""
    minute = local_s // 60 % 1440  # of the day
    if start_min <= end_min:
        return start_min <= minute < end_min
    return minute >= start_min or minute < end_min


def owners_clock(tz: str):
    """From seconds since 1970 to the seconds that the owner's clock is then east of UTC. tz is a
    POSIX string; what is none is UTC."""
    if tz:
        from seesaw.core.sessions import Zone

        try:
            return Zone(tz).offset_s
        except ValueError:
            pass
    return _utc


def _utc(epoch_s: int) -> int:
    return 0
