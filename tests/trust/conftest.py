"""One site and one VM for all; each test has a repository, and a device on each interpreter."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tuf_repository import Repository
from tuf_rig import Desk, Site, Vm

from host_tools.release import tuf_client


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.shutdown()
    site.server_close()


@pytest.fixture(scope="session")
def vm() -> Iterator[Vm]:
    vm = Vm()
    yield vm
    vm.close()


@pytest.fixture
def repository() -> Repository:
    return Repository()


@pytest.fixture(params=["cpython", "micropython"])
def desk(
    request: pytest.FixtureRequest,
    site: Site,
    repository: Repository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:
    """A device that trusts the repository's first root, on each interpreter."""
    monkeypatch.setenv(tuf_client.VM, request.param)
    if request.param == "micropython":
        monkeypatch.setattr(tuf_client, "subprocess", request.getfixturevalue("vm"))
    desk = Desk(tmp_path, site.url(repository), monkeypatch)
    assert desk.init(repository.published["root"][0]) == 0
    return desk
