"""From how many crashes in a row on a seesaw is SAFE stands in four files: the launcher is alone,
and no const of MicroPython is known beyond its own file. Here they are held together."""

import ast
from types import SimpleNamespace

from seesaw import facts
from seesaw.core.market_state import sign
from test_launcher import decide

from host_tools.image.bundle import FIRMWARE

ENDS = range(256)  # in a row: a byte of the RTC record


def launched() -> int:
    """The least with which the launcher starts the updater in place of the app."""
    choose = decide()
    return min(n for n in ENDS if choose(False, True, n, 0, False, False) == "updater")


def compared(file: str, names: dict[str, object]) -> set[int]:
    """Those for which the only comparison of boot.unhealthy with a number in this file is true.
    names: of its module."""
    tree = ast.parse((FIRMWARE / "seesaw" / file).read_text())
    (found,) = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and ast.unparse(node.left) == "boot.unhealthy"
    )
    code = compile(ast.Expression(found), file, "eval")
    return {n for n in ENDS if eval(code, {**names, "boot": SimpleNamespace(unhealthy=n)})}


def test_launcher_sign_paste_and_who_listens_agree_on_what_is_safe() -> None:
    safe = {*ENDS[launched() :]}

    assert {n for n in ENDS if sign("LIVE", n) == "SAFE"} == safe
    assert compared("facts.py", vars(facts)) == safe, "boot.safe of a paste"
    assert compared("main.py", {}) == safe, "the updater listens"
