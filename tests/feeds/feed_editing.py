"""Changes an answer where it has its price, baseline, time or symbol, whoever the provider is."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from host_tools.market.http1 import Reply
from host_tools.market.providers import Provider

Edit = Callable[[Any], Any]
NUMBER = re.compile(r"[+-]?[0-9][0-9,]*(\.[0-9]+)?")


class Gone:
    """In place of a value: the key is not there."""


def edited(kind: type[Provider], reply: Reply, role: str, edit: Edit) -> Reply:
    """The reply with `edit` applied to every value of that role. As it was where it has none."""
    if reply.status != 200 or not kind.FIELDS[role]:
        return reply
    if kind.NAME == "tencent":
        return _fields(kind, reply, role, edit)
    found = json.loads(reply.body)
    _walk(found, kind.FIELDS[role], edit)
    return replace(reply, body=json.dumps(found, separators=(",", ":")).encode())


def _walk(value: Any, keys: tuple[str | int, ...], edit: Edit) -> None:
    if isinstance(value, list):
        for item in value:
            _walk(item, keys, edit)
    if not isinstance(value, dict):
        return
    for key, old in list(value.items()):
        if key not in keys:
            _walk(old, keys, edit)
        elif (new := _edit(old, edit)) is Gone:
            del value[key]
        else:
            value[key] = new


def _edit(old: Any, edit: Edit) -> Any:
    """Of a list the first item is meant: Kraken's [price, lot]."""
    if not isinstance(old, list):
        return edit(old)
    new = edit(old[0])
    return Gone if new is Gone else [new, *old[1:]]


def _fields(kind: type[Provider], reply: Reply, role: str, edit: Edit) -> Reply:
    fields = reply.body.decode("gbk").split("~")
    for place in kind.FIELDS[role]:
        if isinstance(place, int) and place < len(fields):
            new = edit(fields[place])
            fields[place] = "" if new in (None, Gone) else str(new)
    return replace(reply, body="~".join(fields).encode("gbk"))


def scaled(factor: float) -> Edit:
    """Numbers times this, in the form that they had; a time in words is left alone."""

    def edit(old: Any) -> Any:
        if isinstance(old, str) and NUMBER.fullmatch(old):
            digits = len(old.partition(".")[2])
            form = f"{{:{',' if ',' in old else ''}.{digits}f}}"
            return form.format(float(old.replace(",", "")) * factor)
        if isinstance(old, int | float) and not isinstance(old, bool):
            return round(old * factor) if isinstance(old, int) else old * factor
        return old

    return edit


def always(value: Any) -> Edit:
    return lambda old: value
