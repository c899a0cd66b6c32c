"""Text of fields read as it comes: a CSV with a header line, or one record after a mark.

    Symbol,Close            "csv": wanted by the name in the header, of the first line below it
    ^SPX,7764.64
    v_usINX="200~S&P~7764"  "fields": wanted by number from 0, after the mark v_usINX="

The bytes of a field may be in any code page: they are kept as they are. A record ends with its
line, one of fields also with a `"` or `;`. Reading ends with the record, or with the last field
that is wanted.
"""

from micropython import const

from seesaw.core.quote import BadAnswer
from seesaw.core.scan import LONG

FIELD_MAX = const(64)  # bytes of a wanted field, of a column's name, and of the mark
FIELDS_MAX = const(200)  # of a record
_PART = const(48)  # bytes


class Delimited:
    """The interface of core/scan.Scan. wanted: column names, or numbers as text, one a slot."""

    def __init__(self, wanted: list, waited: bytes, separator: bytes, mark: bytes) -> None:
        """mark: b"" for a CSV with a header."""
        self.found = [None] * len(wanted)
        self.size = 0
        self._header = self._quotes = not mark
        self._ends = b"\n" if self._header else b'\n";'
        self._wanted = wanted
        self._columns = [-1] * len(wanted)  # the number of each slot's column
        self._last = -1  # the last column that is wanted
        self._waited = waited
        self._separator = separator[0]
        self._mark = mark
        self._carry = b""
        self._number = 0  # of the field that comes
        self._long = False  # the field is too long to be wanted
        self._quoted = False  # where self._carry begins
        self._done = False
        if mark:
            self._columns = [int(number) for number in wanted]
            self._last = max(self._columns)

    def write(self, piece: bytes) -> bool:
        """True when it has seen enough. BadAnswer when it is no such text."""
        at = 0
        while not self._done and at < len(piece):
            part = self._carry + piece[at : at + _PART]
            at += _PART
            self._carry = part[self._run(part) :]
        self.size += min(at, len(piece))
        return self._done

    def other(self) -> bool:
        return False

    def end(self) -> None:
        """The body is over. BadAnswer if it should not be."""
        if self._done:
            return
        if not self.size:
            raise BadAnswer("an empty answer")
        if self._mark:
            raise BadAnswer("mark: is not there")
        if self._header:
            raise BadAnswer("no line below the header")
        # A last line without its end may be cut: what no separator follows is not taken.
        raise BadAnswer("cut short")

    def _run(self, part: bytes) -> int:
        i, n = 0, len(part)
        if self._mark:
            at = part.find(self._mark)
            if at < 0:
                return max(0, n - len(self._mark) + 1)
            i = at + len(self._mark)
            self._mark = b""
        begun = i
        quoted = self._quoted
        while i < n and not self._done:
            c = part[i]
            if not quoted and (c == self._separator or c in self._ends):
                self._field(part[begun:i])
                begun = i + 1
                self._quoted = False
                if c != self._separator:
                    self._record_ends()
                i = begun
                continue
            if c < 0x20 and c not in b"\t\n\r":
                raise BadAnswer("not text")
            if i - begun == FIELD_MAX:
                self._long = True
                begun = i
                self._quoted = quoted
            if c == 0x22 and self._quotes:
                quoted = not quoted
            i += 1
        return begun

    def _field(self, raw: bytes) -> None:
        number = self._number
        self._number += 1
        if number == FIELDS_MAX:
            raise BadAnswer("too many fields")
        long, self._long = self._long, False
        raw = raw.strip()
        if self._header:
            if raw[:1] == b'"' == raw[-1:]:
                raw = raw[1:-1]
            for slot in range(len(self._wanted)):
                if not long and self._wanted[slot].encode() == raw and self._columns[slot] < 0:
                    self._columns[slot] = number
            return
        for slot in range(len(self._columns)):
            if self._columns[slot] == number:
                raw = raw[1:-1] if raw[:1] == b'"' == raw[-1:] else raw
                self.found[slot] = LONG if long else raw
        self._done = number == self._last

    def _record_ends(self) -> None:
        if not self._header:
            self._done = True
            return
        self._header = False
        self._number = 0
        for slot in range(len(self._columns)):
            if self._waited[slot] and self._columns[slot] < 0:
                raise BadAnswer("another header")
        self._last = max(self._columns)
