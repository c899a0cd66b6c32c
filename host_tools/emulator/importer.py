"""MicroPython's import for firmware on CPython: sys.path over the mounted file systems.

A directory is a package, then `.py`, then `.mpy` (micropython py/builtinimport.c). Modules live in
the session, never in CPython's sys.modules.
"""

import builtins
import traceback
import types
from typing import Any

from host_tools.emulator.companion import Companion
from host_tools.emulator.ctrl_c import CtrlC
from host_tools.emulator.lfs_vfs import DIRECTORY, FILE, Mounts, VfsLfs2
from host_tools.emulator.os_error import MicroOSError

# Built-ins that the ESP32 port has; firmware that uses another one fails here as it would there.
BUILTINS = """
    ArithmeticError AssertionError AttributeError BaseException EOFError Ellipsis Exception
    False GeneratorExit ImportError IndentationError IndexError KeyError KeyboardInterrupt
    LookupError MemoryError NameError None NotImplementedError OSError OverflowError
    RuntimeError StopAsyncIteration StopIteration SyntaxError SystemExit True TypeError
    UnicodeError ValueError ZeroDivisionError __build_class__ abs all any bin bool bytearray
    bytes callable chr classmethod complex delattr dict dir divmod enumerate eval exec
    filter float frozenset getattr globals hasattr hash hex id input int isinstance
    issubclass iter len list locals map max memoryview min next object oct ord pow property
    range repr reversed round set setattr slice sorted staticmethod str sum super tuple type
    zip
"""


class Importer:
    def __init__(self, companion: Companion, mounts: Mounts) -> None:
        self.companion = companion
        self.mounts = mounts
        self.modules: dict[str, types.ModuleType] = {}
        self.provided: dict[str, types.ModuleType] = {}
        self.sources: dict[str, types.CodeType] = {}
        self.path = ["", ".frozen", "/lib"]
        self.builtins: dict[str, Any] = {name: getattr(builtins, name) for name in BUILTINS.split()}
        self.builtins["OSError"] = MicroOSError
        self.builtins["KeyboardInterrupt"] = CtrlC  # who stops this process must not be caught
        self.builtins["__import__"] = self.import_

    def provide(self, modules: dict[str, types.ModuleType]) -> None:
        self.provided.update(modules)

    def provide_source(self, name: str, code: types.CodeType) -> None:
        """A module of the chip: executed in this session when first imported."""
        self.sources[name] = code

    def close(self) -> None:
        """The session is over: its modules and their functions hold each other."""
        for name, module in self.modules.items():
            if self.provided.get(name) is not module:
                vars(module).clear()
        self.modules.clear()
        self.provided.clear()
        self.builtins.clear()

    def run_main(self, code: types.CodeType) -> None:
        main = self._new("__main__", "")
        exec(code, vars(main))

    def import_(self, name: str, globals: dict | None = None, locals: Any = None,
                fromlist: tuple | None = (), level: int = 0) -> types.ModuleType:  # fmt: skip
        if level:
            base = (globals or {})["__package__"].split(".")
            base = base[: len(base) - level + 1]
            name = ".".join(base + ([name] if name else []))
        top = last = None
        parts = name.split(".")
        for count in range(1, len(parts) + 1):
            full = ".".join(parts[:count])
            module = self.modules.get(full) or self._load(full, last)
            if last is not None:
                setattr(last, parts[count - 1], module)
            last = module
            top = top or module
        assert top and last
        if not fromlist:
            return top
        for item in fromlist:
            if not hasattr(last, item) and hasattr(last, "__path__"):
                self.import_(f"{name}.{item}")
        return last

    def _load(self, full: str, parent: types.ModuleType | None) -> types.ModuleType:
        if full in self.provided:
            self.modules[full] = self.provided[full]
            return self.provided[full]
        if full in self.sources:
            return self._exec(self._new(full, ""), self.sources[full])
        leaf = full.rpartition(".")[2]
        folders = self.path if parent is None else [getattr(parent, "__path__", ".frozen")]
        for folder in folders:
            if folder == ".frozen":
                continue
            module = self._load_from(full, f"{folder}/{leaf}" if folder else leaf)
            if module:
                return module
        raise ImportError(f"no module named '{full}'")

    def _load_from(self, full: str, stem: str) -> types.ModuleType | None:
        try:
            fs, inside = self.mounts.find(stem)
        except OSError:
            return None
        if fs.kind(inside) == DIRECTORY:
            module = self._new(full, full)
            module.__path__ = stem  # type: ignore[assignment]
            code = self._code(fs, inside + "/__init__", stem + "/__init__")
            return self._exec(module, code) if code else module
        code = self._code(fs, inside, stem)
        if code is None:
            return None
        return self._exec(self._new(full, full.rpartition(".")[0]), code)

    def _code(self, fs: VfsLfs2, inside: str, stem: str) -> types.CodeType | None:
        if fs.kind(inside + ".py") == FILE:
            with fs.open(inside + ".py", "r") as file:
                return self.companion.source_code(file.read(), stem.lstrip("/") + ".py")
        if fs.kind(inside + ".mpy") != FILE:
            return None
        with fs.open(inside + ".mpy", "rb") as file:
            return self.companion.code(file.read())

    def _new(self, name: str, package: str) -> types.ModuleType:
        module = types.ModuleType(name)
        vars(module).update(__builtins__=self.builtins, __package__=package)
        self.modules[name] = module
        return module

    def _exec(self, module: types.ModuleType, code: types.CodeType) -> types.ModuleType:
        try:
            exec(code, vars(module))
        except BaseException:
            self.modules.pop(module.__name__, None)
            raise
        return module

    @staticmethod
    def describe(error: BaseException) -> str:
        """A traceback as the serial line shows it: the firmware's frames alone."""
        frames = [
            f'  File "{f.filename}", line {f.lineno}, in {f.name}'
            for f in traceback.extract_tb(error.__traceback__)
            if f.filename.startswith(("seesaw/", "main.py", "bundle/"))
        ]
        head = ["Traceback (most recent call last):", *frames]
        return "\n".join([*head, f"{type(error).__name__}: {error}"])
