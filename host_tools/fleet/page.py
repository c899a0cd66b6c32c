"""The fleet's report as one HTML page without scripts, and with its pictures inside."""

from collections import Counter
from html import escape
from typing import Any

from host_tools.fleet import drawing
from host_tools.fleet.words import words

SHOWN = len(drawing.COLORS)  # versions and reasons in a picture
HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>The fleet's report</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
svg { width: 100%; height: auto } pre { white-space: pre-wrap }
</style>
</head>
<body>
<h1>The fleet's report</h1>
"""


def page(found: dict[str, Any]) -> str:
    """UserError without matplotlib."""
    with drawing.figure(2, (9, 7)) as (made, panels):
        _days(panels[0], found["by_day"])
        _reasons(panels[1], found["failures"])
        picture = drawing.svg(made)
    title = f"<p>{escape(found['from'])} to {escape(found['to'])}</p>\n"
    figure = '<figure role="img" aria-label="Versions by day, and failures by reason: the figures' \
             f' stand below">{picture}</figure>\n'  # fmt: skip
    return f"{HEAD}{title}{figure}<pre>{escape(words(found))}</pre>\n</body>\n</html>\n"


def _days(panel: Any, days: list[dict[str, Any]]) -> None:
    total: Counter[str] = Counter()
    for day in days:
        total.update(day["versions"])
    named = [version for version, _ in total.most_common(SHOWN - 1)]
    rows = [[day["versions"].get(version, 0) for day in days] for version in named]
    others = [sum(day["versions"].values()) for day in days]
    if len(total) > len(named):
        rows.append([all_ - sum(part) for all_, *part in zip(others, *rows, strict=True)])
        named.append("others")
    base = [0] * len(days)
    for row, color in zip(rows, drawing.COLORS, strict=False):
        panel.bar(range(len(days)), row, bottom=base, color=color, width=0.9)
        base = [low + high for low, high in zip(base, row, strict=True)]
    ticks = range(0, len(days), -(-len(days) // 8))
    panel.set_xticks(list(ticks), [days[at]["day"] for at in ticks], fontsize=8)
    panel.legend(named, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    panel.set_title("pseudonyms heard each day, by version", loc="left")


def _reasons(panel: Any, failures: list[dict[str, Any]]) -> None:
    shown = failures[:SHOWN][::-1]
    names = [f"{one['release'] or '?'}: {one['cause']} in {one['stage']}" for one in shown]
    panel.barh(range(len(shown)), [one["pseudonyms"] for one in shown], color=drawing.COLORS[1],
               height=0.6)
    panel.set_ylim(-0.5, max(3, len(shown)) - 0.5)
    panel.set_yticks(range(len(shown)), names, fontsize=8)
    panel.set_title("failures by release and reason" if shown else "no failures", loc="left")
