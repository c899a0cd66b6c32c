"""Makes `tests/` importable for the helpers that tests share (rig.py)."""

import signal

from hypothesis import settings

import host_tools  # noqa: F401 - before any module of the firmware, which it makes ready

# No test is about time: a busy machine must not fail one.
settings.register_profile("seesaw", deadline=None)
settings.load_profile("seesaw")

# Who starts the tests in the background may have SIGINT ignored, and their children would, too.
signal.signal(signal.SIGINT, signal.default_int_handler)
