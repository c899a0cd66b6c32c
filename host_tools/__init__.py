"""The desk. Its tools run the firmware's pure modules as they stand; those name numbers by const(),
which MicroPython's compiler puts in their place and which on CPython is the number itself."""

import sys
from types import ModuleType

_micropython = ModuleType("micropython")
vars(_micropython)["const"] = lambda value: value
sys.modules.setdefault("micropython", _micropython)
