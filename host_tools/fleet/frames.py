"""polars, which is an extra of 180 MB. Only what reads logs imports it, so all else works without.

Why: a loop over lines in Python had to remember requests to be quick, and they are all different
where devices are many. Seconds of a processor, by that loop and by polars: a million lines of fifty
thousand pseudonyms 2.5 and 2.1, of half a million 9.8 and 2.4; ten million of a million 102 and 32.
"""

from host_tools.errors import UserError

try:
    import polars
except ImportError as error:
    WHY = "they are read with polars, which is not there"
    raise UserError("the logs", WHY, "pip install -e '.[fleet]'") from error

__all__ = ["polars"]
