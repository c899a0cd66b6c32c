"""The desk program as it is started: processes, environment, arguments."""

import os
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tuf_repository import Repository
from tuf_rig import Site

from host_tools.release import tuf_client

engines = pytest.mark.parametrize("engine", ["cpython", "micropython"])


def start(engine: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "host_tools.release.tuf_client", *arguments],
        env={**os.environ, tuf_client.VM: engine, **environment},
        cwd=Path(tuf_client.__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
    )


def good_until(repository: Repository, when: datetime) -> None:
    for role in repository.roles.values():
        role.signed.expires = when.replace(microsecond=0)
    repository.publish("root", "targets", "snapshot", "timestamp")


@engines
@pytest.mark.parametrize("folder", ["near", f"{'far' * 50}/{'away' * 40}"])
def test_all_three_commands(engine: str, folder: str, tmp_path: Path, site: Site) -> None:
    """Also from far away: an argument of 256 bytes would end the VM."""
    tmp_path /= folder
    tmp_path.mkdir(parents=True)
    repository = Repository()
    repository.add_target("dir/file \U0001f402", b"contents")
    good_until(repository, datetime.now(UTC) + timedelta(days=2))
    root = tmp_path / "initial.json"
    root.write_bytes(repository.published["root"][0])
    trusted = ("--metadata-dir", str(tmp_path / "trusted"))
    metadata = ("--metadata-url", site.url(repository) + "/metadata/")
    base = metadata[1].replace("/metadata/", "/targets/")
    target = ("--target-dir", str(tmp_path / "files"), "--target-base-url", base)

    for arguments in (
        (*trusted, "init", str(root)),
        (*metadata, *trusted, "refresh"),
        (*metadata, *trusted, "--target-name", "dir/file \U0001f402", *target, "download"),
    ):
        done = start(engine, *arguments)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (file,) = (tmp_path / "files").iterdir()
    assert file.read_bytes() == b"contents"

    done = start(engine, *metadata, *trusted, "--target-name", "none", *target, "download")
    assert done.returncode == 1
    assert done.stderr == "tuf_client: TufError: none: no such target\n"


@engines
def test_the_clock_is_the_system_s(engine: str, tmp_path: Path, site: Site) -> None:
    repository = Repository()
    good_until(repository, datetime.now(UTC) - timedelta(seconds=5))
    (tmp_path / "root.json").write_bytes(repository.published["root"][0])

    done = start(
        engine, "--metadata-dir", str(tmp_path), "--metadata-url",
        site.url(repository) + "/metadata", "refresh",
    )  # fmt: skip
    assert done.returncode == 1
    assert "Expired: root" in done.stderr


@engines
@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/x", "ftp://127.0.0.1/", "no url", "http://127.0.0.1:99999/"]
)
def test_a_server_that_is_not_there(engine: str, tmp_path: Path, url: str) -> None:
    (tmp_path / "root.json").write_bytes(Repository().published["root"][0])
    done = start(engine, "--metadata-dir", str(tmp_path), "--metadata-url", url, "refresh")

    assert done.returncode == 1
    assert done.stderr.startswith("tuf_client: FetchError: 2.root.json: ")


def nobodys_certificate(path: Path) -> Path:
    """Of a key that nobody has heard of, both in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "nobody")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + certificate)
    return path


@engines
def test_trust_does_not_rest_on_tls(engine: str, tmp_path: Path) -> None:
    repository = Repository()
    good_until(repository, datetime.now(UTC) + timedelta(days=2))
    (tmp_path / "root.json").write_bytes(repository.published["root"][0])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(nobodys_certificate(tmp_path / "pem"))
    site = Site()
    site.socket = context.wrap_socket(site.socket, server_side=True)
    url = site.url(repository).replace("http:", "https:") + "/metadata"
    done = start(engine, "--metadata-dir", str(tmp_path), "--metadata-url", url, "refresh")
    site.shutdown()
    site.server_close()

    assert (done.returncode, done.stderr) == (0, "")


@engines
def test_a_root_that_is_not_there(engine: str, tmp_path: Path) -> None:
    done = start(engine, "--metadata-dir", str(tmp_path), "init", str(tmp_path / "none.json"))

    assert done.returncode == 1
    assert done.stderr.startswith("tuf_client: ")


@engines
def test_a_target_without_a_name_leaves_nothing(engine: str, tmp_path: Path) -> None:
    out = tmp_path / "files"
    done = start(
        engine, "--metadata-dir", str(tmp_path / "trusted"), "--metadata-url", "http://127.0.0.1/m",
        "--target-name", "", "--target-dir", str(out), "--target-base-url", "http://127.0.0.1/t",
        "download",
    )  # fmt: skip

    assert (done.returncode, out.exists()) == (1, False)
    assert done.stderr.startswith("tuf_client: --target-name: it is empty")


def test_no_vm_is_said(tmp_path: Path) -> None:
    missing = str(tmp_path / "no-vm")
    (tmp_path / "root.json").write_bytes(b"{}")
    done = start(
        "micropython", "--metadata-dir", str(tmp_path), "init", str(tmp_path / "root.json"),
        SEESAW_MICROPYTHON=missing,
    )  # fmt: skip

    assert done.returncode == 1
    assert missing in done.stderr


def test_an_engine_that_is_none_is_refused(tmp_path: Path) -> None:
    arguments = "--metadata-dir", str(tmp_path), "--metadata-url", "http://a", "refresh"
    done = start("micropyton", *arguments)

    assert done.returncode == 1
    assert "SEESAW_VM: 'micropyton' is no engine; set it to cpython or micropython" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("refresh",),
        ("--metadata-dir", "d", "refresh"),
        ("--metadata-dir", "d", "init"),
        ("--metadata-dir", "d", "--metadata-url", "u", "download"),
        ("--metadata-dir", "d", "other"),
    ],
)
def test_what_is_missing_is_said(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        tuf_client.main(list(arguments))

    assert end.value.code == 2
    assert "usage: tuf_client" in capsys.readouterr().err
