"""The founding week as an incident's file, and a folder to hold it."""

import json
from pathlib import Path

from host_tools import cli

SITE = {"name": "Bull & Bear", "url": "https://status.seesaw.example/", "third_parties": ["CNBC"]}
NOW = "2026-11-25T10:00Z"
GOOD = """---
title: Prices stand still
date: 2026-11-24T14:30:00Z
severity: disrupted
affected:
  - Price data
  - CNBC
resolved: false
resolvedWhen:
section: issue
answers: Your Name
address: you@seesaw.example
nextUpdate: 2026-11-25T18:00:00Z
offer: A month more of warranty.
letters: ["2026-11-24", "2026-11-25"]
---

## In plain words

The beam rests where it was on Tuesday, because the prices that it follows do not arrive.

## Who is affected

Sculptures that follow the *S&P 500*.

## Who is not affected

All others.

## What owners should do

Nothing.

## Technical detail

`CNBC` answers with another form since 14:30 UTC.

#### Evidence

- the log of the feed

## Updates

### 2026-11-24T14:45:00Z investigating

We see it, and look for the cause.

### 2026-11-25T09:00:00Z identified

Another provider is being tried on our own sculptures.
"""


def folder(path: Path, text: str = GOOD, name: str = "2026-11-24-prices.md") -> Path:
    """incidents/ below path, with one incident. Returns the file."""
    inside = path / "incidents"
    inside.mkdir(exist_ok=True)
    (inside / "site.json").write_text(json.dumps(SITE))
    (inside / name).write_text(text, "utf-8")
    return inside / name


def seesaw(*words: object) -> int:
    return cli.main(["incident", *map(str, words)])
