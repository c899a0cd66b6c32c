"""polars, which is an extra of 180 MB. Only what reads logs imports it, so all else works without.

It was chosen for what a line costs: all that a line says is the same but for its pseudonym, so a
cache of Python's helps little where devices are many. A million lines of half a million pseudonyms
took 9.8 s of one processor by hand, 2.5 s so; of fifty thousand 2.3 and 2.1 s.
"""

from host_tools.errors import UserError

try:
    import polars
except ImportError as error:
    WHY = "they are read with polars, which is not there"
    raise UserError("the logs", WHY, "pip install 'seesaw[fleet]'") from error

__all__ = ["polars"]
