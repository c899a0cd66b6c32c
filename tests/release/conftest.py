"""A desk for each test, copied from one that is set up once: making keys takes a moment."""

import os
import shutil
from pathlib import Path

import pytest
from release_rig import Desk, template


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A disk that has everything at once; the files that were to be made sure of."""
    asked: list[int] = []
    monkeypatch.setattr(os, "fsync", asked.append)
    return asked


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A new repository of Ed25519 keys, and nobody has said anything yet."""
    shutil.copytree(template(), tmp_path / "desk")
    capsys.readouterr()
    return Desk(tmp_path / "desk")
