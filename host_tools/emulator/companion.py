"""From compiled modules back to their sources, for CPython.

CPython cannot run `.mpy`. A companion maps the SHA-256 of each compiled module to its path and
source. The bytes in the slot stay the truth: bytes that no companion knows do not import.
"""

import ast
import hashlib
import json
import threading
import types
from pathlib import Path

# Devices may run in threads. Trees that two of them build at once are now and then a SystemError
# on CPython 3.11 (python/cpython#106905, malthe/chameleon#387).
ONE_AT_A_TIME = threading.Lock()


class Ticks(ast.NodeTransformer):
    """Let every turn of a `while` cost time, so that a hung loop meets its watchdog."""

    def visit_While(self, node: ast.While) -> ast.While:
        self.generic_visit(node)
        tick = ast.parse("__tick__()").body[0]
        for inner in ast.walk(tick):
            ast.copy_location(inner, node)
        node.body.insert(0, tick)
        return node


def compile_source(source: str, path: str, optimize: int = 2) -> types.CodeType:
    """As mpy-cross -O3 does: asserts off, no docstrings. 0 leaves both, as the chip does when it
    compiles a `.py` itself."""
    with ONE_AT_A_TIME:
        tree = Ticks().visit(ast.parse(source, path))
        return compile(tree, path, "exec", dont_inherit=True, optimize=optimize)


class Companion:
    """Modules by the hex SHA-256 of their `.mpy`; sources by themselves. Compiles once."""

    def __init__(self, modules: dict[str, tuple[str, str]] | None = None) -> None:
        self.modules = dict(modules or {})
        self._code: dict[str | bytes, types.CodeType] = {}

    @classmethod
    def load(cls, path: Path) -> "Companion":
        """Raises OSError or ValueError when there is no such companion."""
        found = json.loads(path.read_text("utf-8"))
        return cls({digest: (name, source) for digest, (name, source) in found.items()})

    def add(self, other: dict[str, tuple[str, str]]) -> None:
        self.modules.update(other)

    def code(self, compiled: bytes) -> types.CodeType:
        """The code of these `.mpy` bytes. Raises ImportError when they are not known."""
        found = self._code.get(compiled)
        if found is None:
            digest = hashlib.sha256(compiled).hexdigest()
            if digest not in self.modules:
                raise ImportError(f"incompatible .mpy file ({digest[:12]} is in no companion)")
            path, source = self.modules[digest]
            found = self._code[compiled] = compile_source(source, path)
        return found

    def source_code(self, source: str, path: str) -> types.CodeType:
        key = path + "\0" + source
        if key not in self._code:
            self._code[key] = compile_source(source, path, optimize=0)
        return self._code[key]
