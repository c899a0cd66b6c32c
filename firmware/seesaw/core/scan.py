"""JSON read as it comes: what is wanted is kept, all else is passed over and never held.

The body goes through in parts of 48 bytes; find() jumps over strings and lists of numbers, so the
work in Python is a few steps a key. What a part leaves unfinished, a key or a value of at most 64
bytes, is put before the next. Any cut of the body into pieces gives the same.

Strict along the wanted paths, and everywhere about paired brackets and their depth; within what is
passed over nothing else matters, so NaN does no harm there. Reading ends where nothing more is to
be found. Of two equal keys the first counts.
"""

from micropython import const

from seesaw.core.paths import NOTHING, Node
from seesaw.core.quote import BadAnswer

DEPTH_MAX = const(16)  # brackets within brackets
TOKEN_MAX = const(64)  # bytes of a wanted value, and of a key, with its quotes
LONG = const(b"...")
_PART = const(48)  # bytes
# One a line: of a tuple the compiler makes variables.
_VALUE = const(0)
_KEY = const(1)
_COLON = const(2)
_AFTER = const(3)
_STRING = const(4)
_SKIP = const(5)
_DONE = const(6)
_NONE = const(0)
_OTHERS = const(1)
_CHOSEN = const(2)
_ENDS = const(b",]} \t\r\n")
_ESCAPES = const(b'"\\/bfnrt')
_ESCAPED = const(b'"\\/\b\f\n\r\t')


class Scan:
    """found: the raw value of each slot, None for what was not there; text without its quotes, LONG
    in place of longer text, "{" or "[" for an object or a list."""

    def __init__(self, tree: Node, waited: bytes) -> None:
        """waited: for each slot 1, or 0 for one that reading does not go on for."""
        self.found = [None] * len(waited)
        self.size = 0  # bytes so far
        self._slots = bytearray([2 - w for w in waited])  # 1 waited for, 2 not, 0 settled
        self._left = sum(waited)
        self._carry = b""
        self._state = _VALUE
        self._then = _AFTER  # after a string that is passed over
        self._next = tree  # of the value that comes
        # Of the wanted containers that are open, at their depth; at minus their depth the number of
        # the item, of those that are lists.
        self._nodes = [NOTHING] * (tree.deep + 1) + [0] * tree.deep
        self._depth = self._base = 0
        self._kinds = 0  # a bit for each open container, the last is the innermost: 1 for a list
        self._item = 0  # depth of the item that a field chooses, 0 outside
        self._undecided = False
        self._picked = _NONE  # of the items that a field chooses
        self._escapes = False

    def write(self, piece: bytes) -> bool:
        """True when it has seen enough. BadAnswer when it is not JSON."""
        at = 0
        while self._state != _DONE and at < len(piece):
            part = self._carry + piece[at : at + _PART]
            at += _PART
            self._escapes = part.find(b"\\") >= 0
            used = self._run(part, len(part))
            self._carry = part[used:] if used < len(part) else b""
        self.size += min(at, len(piece))
        return self._state == _DONE

    def end(self) -> None:
        """The body is over. BadAnswer if it should not be."""
        if self._state != _DONE:
            raise BadAnswer("cut short" if self.size else "an empty answer")

    def other(self) -> bool:
        """Items were there to choose from, and none of them was the one."""
        return self._picked == _OTHERS

    def _run(self, part: bytes, n: int) -> int:
        # How many bytes of the part are done with. Steps give where to go on; ~where for "later".
        i = 0
        while i < n and i >= 0:
            state = self._state
            c = part[i]
            if state == _SKIP:
                i = self._skip(part, i, n)
            elif state == _STRING:
                i = self._pass_string(part, i, n)
            elif state == _DONE:
                return n
            elif c <= 0x20:
                if c not in b" \t\r\n":
                    raise BadAnswer("not JSON")
                i += 1
            elif state == _KEY:
                i = self._key(part, i, n)
            elif state == _VALUE:
                i = self._value(part, i, n)
            elif state == _COLON:
                if c != 0x3A:
                    raise BadAnswer("not JSON")
                self._state = _VALUE
                i += 1
            else:
                self._after(c)
                i += 1
        return i if i >= 0 else ~i

    def _key(self, part: bytes, i: int, n: int) -> int:
        if part[i] == 0x7D:
            self._close(0)
            return i + 1
        if part[i] != 0x22:
            raise BadAnswer("not JSON")
        node = self._nodes[self._depth]
        keys, every, sizes = node.keys, node.any, node.sizes
        while True:
            end = _string_end(part, i + 1, n) if self._escapes else part.find(b'"', i + 1)
            if end < 0 or end - i >= TOKEN_MAX:
                return self._long_key(i, n, end)
            found = None
            if sizes & 1 << (end - i - 1) % 29:
                found = keys.get(part[i + 1 : end], every)
            end += 1
            if found is not None or self._escapes or end + 1 >= n or part[end] != 0x3A:
                self._next = found
                self._state = _COLON
                return end
            # The common case, in one go: an unwanted key with a string, then another key.
            i = end + 1
            end = part.find(b'"', i + 1) if part[i] == 0x22 else -1
            if end < 0:
                self._next = None
                self._state = _VALUE
                return i
            i = end + 1
            if i + 1 >= n or part[i] != 0x2C:
                self._state = _AFTER
                return i
            i += 1
            if part[i] != 0x22:
                return i

    def _long_key(self, i: int, n: int, end: int) -> int:
        # Too long to be wanted; or not all here.
        if end < 0 and n - i < TOKEN_MAX:
            return ~i
        self._next = self._nodes[self._depth].any
        self._state = _STRING
        self._then = _COLON
        return i + 1

    def _value(self, part: bytes, i: int, n: int) -> int:
        c = part[i]
        node = self._next
        if c == 0x7B or c == 0x5B:
            self._open(c)
            return i + 1
        if not self._depth:
            raise BadAnswer("not JSON")
        if c == 0x5D:
            self._close(1)
            return i + 1
        wanted = node is not None and (node.slot >= 0 or node.want is not None)
        if c == 0x22:
            return self._string_value(part, i, n, node if wanted else None)
        end = i
        while end < n and part[end] not in _ENDS:
            end += 1
        if end - i > TOKEN_MAX or (c not in b"+-." and not is_word(c)):
            raise BadAnswer("not JSON")
        if end == n:
            return ~i
        if wanted:
            self._take(node, part[i:end])
        if self._state != _DONE:
            self._state = _AFTER
        return end

    def _string_value(self, part: bytes, i: int, n: int, node: "Node | None") -> int:
        self._state = _STRING
        self._then = _AFTER
        if node is None:
            return i + 1
        end = _string_end(part, i + 1, n)
        if (n if end < 0 else end) - i >= TOKEN_MAX:
            self._take(node, LONG)
            return i + 1
        self._state = _VALUE
        if end < 0:
            return ~i
        raw = part[i + 1 : end]
        self._state = _AFTER
        self._take(node, _unescaped(raw) if self._escapes else raw)
        return end + 1

    def _after(self, c: int) -> None:
        is_list = self._kinds & 1
        if c == 0x2C:
            self._state = _KEY
            if is_list:
                depth = self._depth
                self._nodes[-depth] += 1
                node = self._nodes[depth]
                self._next = node.keys.get(self._nodes[-depth], node.any)
                self._state = _VALUE
        elif c == 0x7D or c == 0x5D:
            self._close(1 if c == 0x5D else 0)
        else:
            raise BadAnswer("not JSON")

    def _push(self, is_list: int) -> None:
        if self._depth == DEPTH_MAX:
            raise BadAnswer("nested too deep")
        self._depth += 1
        self._kinds = self._kinds << 1 | is_list

    def _open(self, c: int) -> None:
        is_list = 1 if c == 0x5B else 0
        self._push(is_list)
        depth, node = self._depth, self._next
        if node is not None and (node.slot >= 0 or node.want is not None):
            self._take(node, b"[" if is_list else b"{")
            node = node if node.want is None else None
        while node is not None and node.lists and not is_list:  # its only item
            node = node.keys.get(0, node.any)
            if node is not None and node.slot >= 0:
                self._take(node, b"{")
        if node is not None and is_list and not node.lists:
            node = None
        if self._state == _DONE:
            return
        if node is None or not (node.keys or node.any):
            self._base = depth - 1
            self._state = _SKIP
            return
        self._nodes[depth] = node
        self._state = _KEY
        if is_list:
            self._nodes[-depth] = 0
            self._next = node.keys.get(0, node.any)
            self._state = _VALUE
        elif node.picks:
            self._item = depth
            self._undecided = True

    def _close(self, is_list: int) -> None:
        if self._kinds & 1 != is_list:
            raise BadAnswer("unpaired brackets")
        depth = self._depth
        node = self._nodes[depth]
        self._depth -= 1
        self._kinds >>= 1
        self._state = _AFTER
        if self._item == depth:
            if self._undecided:
                self._drop(node)
            self._item = 0
        if not self._undecided:
            for slot in self._nodes[depth].slots:
                self._settle(slot)
        if not self._depth:
            self._state = _DONE

    # -- what is found ---------------------------------------------------------------------------

    def _take(self, node: Node, raw: bytes) -> None:
        slot = node.slot
        if slot >= 0 and self._slots[slot] and self.found[slot] is None:
            self.found[slot] = raw
            if not self._undecided:
                self._settle(slot)
        if node.want is not None and self._undecided:
            item = self._nodes[self._item]
            if raw == node.want:
                self._undecided = False
                self._picked = _CHOSEN
                for slot in item.slots:
                    if self.found[slot] is not None:
                        self._settle(slot)
            else:
                self._drop(item)

    def _settle(self, slot: int) -> None:
        waited = self._slots[slot] == 1
        self._slots[slot] = 0
        if waited:
            self._left -= 1
            if not self._left:
                self._state = _DONE

    def _drop(self, item: Node) -> None:
        # Another item than the chosen one: what it gave is forgotten, the rest passed over.
        self._undecided = False
        if self._picked == _NONE:
            self._picked = _OTHERS
        for slot in item.slots:
            self.found[slot] = None
        self._nodes[self._item] = NOTHING

    # -- what is passed over ---------------------------------------------------------------------

    def _pass_string(self, part: bytes, i: int, n: int) -> int:
        end = _string_end(part, i, n)
        if end < 0:
            return end  # to the end, or to a backslash there
        self._state = self._then
        return end + 1

    def _skip(self, part: bytes, i: int, n: int) -> int:
        while i < n:
            c = part[i]
            if c == 0x22:
                end = _string_end(part, i + 1, n) if self._escapes else part.find(b'"', i + 1)
                if end < 0:
                    self._state = _STRING
                    self._then = _SKIP
                    return i + 1
                i = end
            elif c == 0x7B or c == 0x5B:
                self._push(1 if c == 0x5B else 0)
            elif c == 0x7D or c == 0x5D:
                if self._kinds & 1 != (1 if c == 0x5D else 0):
                    raise BadAnswer("unpaired brackets")
                self._depth -= 1
                self._kinds >>= 1
                if self._depth == self._base:
                    self._state = _AFTER if self._depth else _DONE
                    return i + 1
            elif c != 0x2C and c != 0x3A:
                i = self._skip_plain(part, i, n) - 1
            i += 1
        return n

    def _skip_plain(self, part: bytes, i: int, n: int) -> int:
        # A number; in a list of nothing else all that there is of it.
        if self._kinds & 1:
            end = part.find(b"]", i)
            if end < 0:
                end = n
            for mark in (b'"', b"[", b"{", b"}"):
                if part.find(mark, i, end) >= 0:
                    break
            else:
                return end
        i += 1
        while i < n and part[i] not in b'"[]{},':
            i += 1
        return i


def is_word(c: int) -> bool:
    """An ASCII letter or digit."""
    return 0x30 <= c <= 0x39 or 0x41 <= c <= 0x5A or 0x61 <= c <= 0x7A


def _string_end(part: bytes, i: int, n: int) -> int:
    # Of the quote that ends the string; else ~(where to go on looking).
    while True:
        end = part.find(b'"', i)
        escape = part.find(b"\\", i, n if end < 0 else end)
        if escape < 0:
            return end if end >= 0 else ~n
        i = escape + 2
        if i > n:
            return ~escape


def _unescaped(raw: bytes) -> bytes:
    made = b""
    while True:
        before, mark, raw = raw.partition(b"\\")
        made += before
        if not mark:
            return made
        at = _ESCAPES.find(raw[:1])
        if at >= 0:
            made += _ESCAPED[at : at + 1]
            raw = raw[1:]
        elif raw[:1] == b"u" and len(raw) >= 5:
            made += _character(raw[1:5])
            raw = raw[5:]
        else:
            raise BadAnswer("not JSON")


def _character(digits: bytes) -> bytes:
    code = 0
    for c in digits.lower():
        value = b"0123456789abcdef".find(bytes((c,)))
        if value < 0:
            raise BadAnswer("not JSON")
        code = code * 16 + value
    return b"?" if 0xD800 <= code < 0xE000 else chr(code).encode()
