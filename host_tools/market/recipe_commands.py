"""`seesaw recipe ...`: the thin shell around recipes.py."""

import json
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from host_tools.errors import UserError
from host_tools.market import recipes
from host_tools.market.recipes import Outcome


def lint(arguments: Namespace) -> int:
    """Print every broken rule by line. 0 for a set that devices take, else 1."""
    path = Path(arguments.file or recipes.SHIPPED)
    found = recipes.problems(recipes.read(path))
    if arguments.json:
        print(json.dumps({"file": str(path), "problems": [asdict(one) for one in found]}))
        return 1 if found else 0
    for one in found:
        print(f"{path}:{one.line}: {one.where and one.where + ': '}{one.rule}")
    if not found:
        held = json.loads(path.read_bytes())
        print(f"{path}: {len(held['providers'])} recipes for {len(held['instruments'])}"
              " instruments, as devices take them")  # fmt: skip
    return 1 if found else 0


def test(arguments: Namespace) -> int:
    """Show what the recipes ask and find. 0, or 1 when an answer gave no quote."""
    found = recipes.load(Path(arguments.file or recipes.SHIPPED))
    asked = list(recipes.bound(
        found, arguments.instrument, arguments.provider, dict(arguments.base), dict(arguments.key)
    ))  # fmt: skip
    if not asked:
        fix = "leave out --provider or --instrument"
        raise UserError("recipe test", "no feed of the set is both", fix)
    if arguments.against:
        body = recipes.read(Path(arguments.against))
        outcomes = [
            recipes.against(name, one, body, arguments.date, arguments.stored)
            for name, one in asked
        ]
    elif arguments.live:
        outcomes = [recipes.live(name, one, arguments.stored) for name, one in asked]
    else:
        outcomes = [
            Outcome(name, one.name, one.url, dict.fromkeys(one.paths)) for name, one in asked
        ]
    tried = bool(arguments.against or arguments.live)
    if arguments.json:
        print(json.dumps([asdict(one) for one in outcomes], indent=1))
    else:
        print("\n".join(line for one in outcomes for line in _lines(one, tried)))
    return 1 if tried and any(one.quote is None for one in outcomes) else 0


def _lines(found: Outcome, tried: bool) -> list[str]:
    lines = [f"{found.instrument} by {found.provider}: {found.url}"]
    for path, value in found.values.items():
        lines.append(f"  {path}" + (f" = {'-' if value is None else value}" if tried else ""))
    if found.quote:
        quote = found.quote
        state = {True: "open", False: "closed", None: "does not say if open"}[quote["open"]]
        lines.append(f"  -> {quote['price']:.8g} against {quote['baseline']:.8g}"
                     f" ({quote['percent']:+.2f} %), {quote['time']}, {state};"
                     f" {found.read} bytes read")  # fmt: skip
    elif tried:
        lines.append(f"  refused: {found.refused}")
    return lines
