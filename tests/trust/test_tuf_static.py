"""Repositories that were made once and never change: what is trusted today stays so."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import pytest
from tuf_rig import Desk, Site
from tuf_static import TARGETS

STATIC = Path(__file__).parent / "static"
CHAINS = {"indented": 1, "mixed": 3}
DATA = {"indented": b"an artifact\n", "mixed": bytes(range(256)) * 20}


class Files:
    """A folder, as the site serves a repository."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, path: str) -> tuple[int, bytes]:
        file = self._folder / unquote(path)
        return (200, file.read_bytes()) if file.is_file() else (404, b"")


@pytest.fixture(params=["indented", "mixed"])
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def device(desk: Desk, site: Site, name: str) -> Desk:
    """Trusts the repository's first root, at the time it is meant for."""
    folder = STATIC / name
    desk.url = site.url(Files(folder))  # type: ignore[arg-type]
    desk.now = datetime.fromisoformat((folder / "now").read_text())
    assert desk.init((folder / "metadata" / "1.root.json").read_bytes()) == 0
    return desk


def test_it_is_trusted(device: Desk, name: str) -> None:
    assert device.refresh() == 0
    assert device.version("root") == CHAINS[name]


def test_its_target_is_downloaded(device: Desk, name: str) -> None:
    assert device.download(TARGETS[name]) == 0
    assert device.files() == [DATA[name]]


def test_it_ends_some_day(device: Desk) -> None:
    assert device.refresh(datetime(2057, 1, 1, tzinfo=UTC)) == 1
