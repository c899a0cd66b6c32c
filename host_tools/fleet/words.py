"""The fleet's report in words, for a terminal."""

from typing import Any

from host_tools.errors import UserError

KNOWN_MAX = 10  # versions, the last that came
LISTED_MAX = 20  # lines of one list; --json has more
RENAMED = "a pseudonym rotates each month: silent here means not heard since, under this name"


def words(found: dict[str, Any]) -> str:
    """The whole report."""
    read = found["read"]
    lines = [
        f"{found['from']} to {found['to']}",
        f"read: {read['lines']:,} lines in {read['files']} files; {read['checks']:,} checks,"
        f" {read['other']:,} other requests, {read['unsaid']:,} checks of no device,"
        f" {read['torn']:,} torn or mixed, {read['beyond_limits']:,} beyond a limit"
        + (f"; {read['cut']} files are cut off" if read["cut"] else ""),
        f"{found['pseudonyms']:,} pseudonyms; {found['heard_lately']:,} heard in the last"
        f" {found['lately_s'] // 3600} h. {RENAMED}",
        "",
        *_table("version", found["versions"]),
        *_table("slot", found["slots"]),
        *_table("may", found["actions"]),
        "",
        *_markets(found["markets"]),
        "",
        *_failures(found),
        f"rolled back: {found['rolled_back']:,}",
        *(f"went back from {way['from']} to {way['to']} by {way['by']}: {way['pseudonyms']:,}"
          for way in found["went_back"][:LISTED_MAX]),
        *_silent(found["silent"]),
        *_release(found.get("release")),
        *_outage(found.get("outage")),
        "",
        "what a device does not say, so nobody can read it here:",
        *(f"  - {one}" for one in found["not_said"]),
    ]  # fmt: skip
    return "\n".join(lines)


def _table(name: str, counts: dict[str, int]) -> list[str]:
    total = sum(counts.values())
    rows = [f"{name:<8} {one:<24} {count:>9,} {100 * count / total:5.1f} %"
            for one, count in list(counts.items())[:LISTED_MAX]]  # fmt: skip
    return rows + ([f"{name:<8} and {len(counts) - LISTED_MAX} more"] * (len(counts) > LISTED_MAX))


def _markets(rows: list[dict[str, Any]]) -> list[str]:
    lines = []
    for row in rows[:LISTED_MAX]:
        states = ", ".join(f"{state} {count:,}" for state, count in row["states"].items())
        lines.append(f"shows    {row['instrument']:<10} {row['pseudonyms']:>9,}   {states}")
        for place, found in row["providers"].items():
            if place != "0" and len(row["providers"]) > 1:
                states = ", ".join(f"{state} {count:,}" for state, count in found.items())
                lines.append(f"         {'':<10} by its feed {place}: {states}")
    return lines or ["shows: no device has said what it shows"]


def _failures(found: dict[str, Any]) -> list[str]:
    if not found["failures"]:
        return ["failures: none said"]
    return [f"failed   {one['release'] or '?'} ({one['bundle']}): {one['cause']} in {one['stage']}"
            f"   {one['pseudonyms']:,}" for one in found["failures"][:LISTED_MAX]]  # fmt: skip


def _silent(found: dict[str, Any]) -> list[str]:
    return [
        f"silent: {found['pseudonyms']:,} of the names since {found['names_since']};"
        f" {found['or_renamed']:,} older names are silent or have another name now",
        *(f"  {one['pseudonym']} last {one['last']} on {one['version']}"
          for one in found["listed"][:LISTED_MAX]),
    ]  # fmt: skip


def _release(found: dict[str, Any] | None) -> list[str]:
    if not found:
        return []
    if not found["named"]:
        return [f"affected by {found['version']}: no line names it, so this says nothing of it"]
    return [
        f"affected by {found['version']}: {found['runs']:,} run it, {found['failed']:,} failed to,"
        f" {found['left']:,} ran it and left it; {found['never']:,} never did"
    ]


def unnamed(found: dict[str, Any]) -> UserError:
    """That no line names the release, and which are named."""
    known = ", ".join(list(found["first_seen"])[-KNOWN_MAX:])
    what, why = f"release {found['release']['version']}", "no line of the logs names it"
    return UserError(what, why, f"devices say that they run {known}")


def _outage(found: dict[str, Any] | None) -> list[str]:
    if not found:
        return []
    return [
        f"affected by the outage of {found['instrument']}: {found['reached']:,}, of whom"
        f" {found['still']:,} are still in the dark; not affected: {found['unharmed']:,} that"
        f" follow it and were never dark, {found['elsewhere']:,} that follow another, or have not"
        " said"
    ]
