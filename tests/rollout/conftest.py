"""These tests share the desk of tests/release and the logs of tests/fleet."""

import os
import sys
from pathlib import Path

import pytest

sys.path += [str(Path(__file__).parents[1] / room) for room in ("release", "fleet")]

from staged_rig import Staged, at_ring


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that has everything at once."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@pytest.fixture
def bare(tmp_path: Path) -> Staged:
    """A new repository, and nobody has said anything yet."""
    return at_ring(-1, tmp_path)


@pytest.fixture
def desk(tmp_path: Path) -> Staged:
    """A desk with 0.2.0 for all on two boards, and 0.3.0 for nobody yet; published."""
    return at_ring(0, tmp_path)


@pytest.fixture
def ring1(tmp_path: Path) -> Staged:
    """Own units have it; not published."""
    return at_ring(1, tmp_path)


@pytest.fixture
def ring2(tmp_path: Path) -> Staged:
    """Test owners too."""
    return at_ring(2, tmp_path)


@pytest.fixture
def ring4(tmp_path: Path) -> Staged:
    """It grows from a tenth to all within a week."""
    return at_ring(4, tmp_path)
