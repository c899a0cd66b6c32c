"""Makes `tests/` importable for the helpers that tests share (rig.py)."""

import host_tools  # noqa: F401 - before any module of the firmware, which it makes ready
