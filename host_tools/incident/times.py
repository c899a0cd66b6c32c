"""Moments, as the files have them (ISO 8601, with a zone) and as people read them (UTC)."""

from datetime import UTC, datetime


def moment(text: str) -> datetime:
    """'2026-11-24T14:30Z' in UTC, to the second. ValueError for what is none, or has no zone."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"'{text}' does not say its zone")
    try:
        return found.astimezone(UTC).replace(microsecond=0)
    except OverflowError as error:
        raise ValueError(f"'{text}' is out of range") from error


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def words(at: datetime) -> str:
    """'Tuesday, 24 November 2026, 14:30 UTC'."""
    return f"{at:%A}, {at.day} {at:%B %Y, %H:%M} UTC"
