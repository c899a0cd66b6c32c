"""polars, which is an extra. Only what reads logs imports it, so that all else works without."""

from host_tools.errors import UserError

try:
    import polars
except ImportError as error:
    WHY = "they are read with polars, which is not there"
    raise UserError("the logs", WHY, "pip install 'seesaw[fleet]'") from error

__all__ = ["polars"]
