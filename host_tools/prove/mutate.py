"""Small faults made by rule: the mutants of the code that installs, confirms and starts a release.

Each changes one place of one file, as a careless edit would. Their list is a function of the
sources alone: of each file and operator about as many, the choice by hash.
"""

import ast
import difflib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from host_tools.errors import UserError
from host_tools.image import bundle as bundles

COUNT = 200
# Files below firmware/, and the functions of them that count; () for all.
FILES: dict[str, tuple[str, ...]] = {
    "launcher/main.py": (),
    "seesaw/judge.py": (),
    "seesaw/update/install.py": (),
    "seesaw/update/offer.py": (),
    "seesaw/update/otadata.py": (),
    "seesaw/update/record.py": (),
    "seesaw/look.py": ("look",),
    "seesaw/proof.py": ("prove", "_probe"),
    "seesaw/upgrade.py": (),
}
COMPARED: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"), ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is"),
}  # fmt: skip
SIMPLE = (ast.Expr, ast.Assign, ast.AugAssign)
HEX = 8  # digits of a hash in an id


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault. id: 'file:function:operator:hash', the same wherever in its file the function
    stands. line: counted from 1. begin, end: offsets of the text that `new` replaces. lines: of the
    statement, first and last; it must be executed for the fault to show."""

    id: str
    file: str
    line: int
    operator: str
    begin: int
    end: int
    new: str
    lines: tuple[int, int]

    def apply(self, text: str) -> str:
        return text[: self.begin] + self.new + text[self.end :]

    def diff(self, text: str) -> str:
        lines = difflib.unified_diff(
            text.splitlines(), self.apply(text).splitlines(), self.file, self.file, "", "", 2, ""
        )
        return "\n".join(lines)


def source(file: str) -> str:
    return (bundles.FIRMWARE / file).read_text("utf-8")


def listed(texts: dict[str, str] | None = None, count: int = COUNT) -> list[Mutant]:
    """The mutants that compile, to other bytes than the source itself; in the order of their ids.

    texts: of the files, if not this project's.
    """
    texts = texts or {file: source(file) for file in FILES}
    groups: dict[tuple[str, str], list[Mutant]] = {}
    for file, text in texts.items():
        for one in candidates(file, text):
            groups.setdefault((file, one.operator), []).append(one)
    for group in groups.values():
        group.sort(key=lambda one: hashlib.sha256(one.id.encode()).digest(), reverse=True)
    found: list[Mutant] = []
    while any(groups.values()):  # each file and operator in turn
        for (file, _), group in sorted(groups.items()):
            chosen = _next(group, texts[file])
            if chosen is not None:
                found.append(chosen)
            if len(found) == count:
                return sorted(found, key=lambda one: one.id)
    return sorted(found, key=lambda one: one.id)


def _next(group: list[Mutant], text: str) -> Mutant | None:
    while group:
        one = group.pop()
        try:
            if _compiled(one.file, one.apply(text)) != _compiled(one.file, text):
                return one
        except UserError:
            continue  # it would not leave the house
    return None


def _compiled(file: str, text: str) -> bytes:
    return bundles.compile_module(file.removeprefix("launcher/"), text)


def candidates(file: str, text: str) -> list[Mutant]:
    """All mutants of a file; some do not compile."""
    walk = Walk(file, text)
    walk.visit(ast.parse(text))
    return walk.found


@dataclass
class Walk(ast.NodeVisitor):
    """Finds the places. scope: names of the classes and functions around."""

    file: str
    text: str
    scope: list[str] = field(default_factory=list)
    found: list[Mutant] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.starts = [0]
        for line in self.text.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.lines = (1, 1)
        self.seen: dict[str, int] = {}

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            head_end = body[0].lineno - 1 if body else node.end_lineno or node.lineno
            self.lines = (node.lineno, max(node.lineno, head_end))
        named = isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if named:
            self.scope.append(node.name)  # type: ignore[attr-defined]  # of the three above
        mine = self.lines
        for operator, begin, end, new in self.changes(node):
            self._add(operator, begin, end, new)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    self.lines = mine
                    self.visit(child)
        if named:
            self.scope.pop()

    def _add(self, operator: str, begin: int, end: int, new: str) -> None:
        function = ".".join(self.scope)
        wanted = FILES.get(self.file, ())
        if (wanted and function not in wanted) or self.text[begin:end] == new:
            return
        key = f"{function}\n{operator}\n{self.text[begin:end]}\n{new}"
        nth = self.seen[key] = self.seen.get(key, 0) + 1
        digits = hashlib.sha256(f"{key}\n{nth}".encode()).hexdigest()[:HEX]
        name = f"{self.file}:{function or '-'}:{operator}:{digits}"
        line = self.text.count("\n", 0, begin) + 1
        self.found.append(Mutant(name, self.file, line, operator, begin, end, new, self.lines))

    def _at(self, node: ast.AST) -> tuple[int, int]:
        begin = self.starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]
        end = self.starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]
        return begin, end

    def _text(self, node: ast.AST) -> str:
        begin, end = self._at(node)
        return self.text[begin:end]

    def changes(self, node: ast.AST) -> Iterator[tuple[str, int, int, str]]:
        """(operator, begin, end, new text) of what can be done to this node itself."""
        if isinstance(node, ast.If | ast.While | ast.IfExp):
            yield "negate", *self._at(node.test), f"not ({self._text(node.test)})"
        elif isinstance(node, ast.Compare) and len(node.ops) == 1:
            yield from self._between("compare", node.left, node.comparators[0],
                                     *COMPARED[type(node.ops[0])])  # fmt: skip
        elif isinstance(node, ast.BoolOp):
            words = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            yield from self._between("logic", node.values[0], node.values[1], *words)
        elif isinstance(node, ast.Constant):
            yield from self._constant(node)
        elif isinstance(node, ast.Return) and node.value is not None:
            if not isinstance(node.value, ast.Constant):
                yield "return", *self._at(node), "return None"
        elif isinstance(node, ast.Raise):
            yield "raise", *self._at(node), "pass"
        elif isinstance(node, ast.ExceptHandler):
            if not isinstance(node.body[0], ast.Pass | ast.Raise):
                last = node.body[-1]
                self.lines = (node.body[0].lineno, last.end_lineno or last.lineno)
                yield "except", self._at(node.body[0])[0], self._at(last)[1], "pass"
        elif isinstance(node, SIMPLE):
            yield from self._dropped(node)
        yield from self._blocks(node)

    def _between(
        self, operator: str, left: ast.AST, right: ast.AST, old: str, new: str
    ) -> Iterator[tuple[str, int, int, str]]:
        begin, end = self._at(left)[1], self._at(right)[0]
        yield operator, begin, end, self.text[begin:end].replace(old, new, 1)

    def _constant(self, node: ast.Constant) -> Iterator[tuple[str, int, int, str]]:
        if isinstance(node.value, bool):
            yield "constant", *self._at(node), repr(not node.value)
        elif isinstance(node.value, int):
            others = [n for n in (node.value + 1, node.value - 1, 0) if n != node.value]
            at, end = self._at(node)
            before = self.text[self.text.rfind("\n", 0, at) + 1 : end]
            which = hashlib.sha256(before.encode()).digest()[0]
            yield "constant", at, end, str(others[which % len(others)])

    def _dropped(self, node: ast.stmt) -> Iterator[tuple[str, int, int, str]]:
        if isinstance(node, ast.Expr):
            drop = isinstance(node.value, ast.Call | ast.Await)
        else:
            local = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
            drop = not local  # without a local variable it could only fall over
        if drop and self.scope:
            yield "drop", *self._at(node), "pass"

    def _blocks(self, node: ast.AST) -> Iterator[tuple[str, int, int, str]]:
        """What changes the order of a block, or ends it early."""
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if not isinstance(block, list) or not self.scope:
                continue
            for this, next_ in zip(block, block[1:], strict=False):
                if isinstance(this, SIMPLE) and isinstance(next_, SIMPLE) and not _says(this):
                    yield from self._swapped(this, next_)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for one in node.body[2:] if _says(node.body[0]) else node.body[1:]:
                if not isinstance(one, ast.Return):
                    at, end = self._at(one)
                    self.lines = (one.lineno, one.lineno)
                    yield "early", at, end, "return"

    def _swapped(self, one: ast.stmt, other: ast.stmt) -> Iterator[tuple[str, int, int, str]]:
        self.lines = (one.lineno, other.end_lineno or other.lineno)
        (begin, middle), (middle_end, end) = self._at(one), self._at(other)
        between = self.text[middle:middle_end]
        yield "swap", begin, end, self._text(other) + between + self._text(one)


def _says(node: ast.AST) -> bool:
    """Is it a docstring?"""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
