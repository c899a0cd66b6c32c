"""What the pictures of the fleet share. Needs matplotlib, no screen."""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from host_tools import plotting
from host_tools.errors import UserError

STYLE: Any = {"font.size": 10, "axes.spines.top": False, "axes.spines.right": False,
         "axes.edgecolor": "#52616b", "svg.hashsalt": "seesaw"}  # fmt: skip
COLORS = ("#2a6f97", "#d1495b", "#edae49", "#66a182", "#8d6a9f", "#2e4057", "#c17c74", "#7a9e9f")
DPI = 120


@contextlib.contextmanager
def figure(panels: int, size: tuple[float, float]) -> Iterator[tuple[Any, Any]]:
    """(figure, panels below each other). UserError without matplotlib."""
    pyplot = plotting.pyplot("fleet")
    with pyplot.rc_context(STYLE):
        made, axes = pyplot.subplots(panels, 1, figsize=size, layout="constrained", squeeze=False)
        try:
            yield made, axes[:, 0]
        finally:
            pyplot.close(made)


def svg(made: Any) -> str:
    """The picture as an element for a page."""
    out = io.StringIO()
    made.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def save(made: Any, out: Path) -> None:
    """By its suffix, .png or .svg. UserError when it cannot be written."""
    try:
        made.savefig(out, dpi=DPI)
    except (OSError, ValueError) as error:
        raise UserError(str(out), f"cannot be written: {error}", "name a .png or .svg") from error
