"""matplotlib, which is an extra: drawn to files, never to a screen."""

from typing import Any

from host_tools.errors import UserError


def pyplot(extra: str) -> Any:
    """Its module of that name. UserError without matplotlib. extra: of ours, which has it."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot as found
    except ImportError as error:
        fix = f"pip install -e '.[{extra}]'"
        raise UserError("the picture", "it needs matplotlib, which is not there", fix) from error
    return found
