"""These tests share the MicroPython VM of tests/trust."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "trust"))

from tuf_rig import Vm


@pytest.fixture(scope="session")
def vm() -> Iterator[Vm]:
    vm = Vm()
    yield vm
    vm.close()
