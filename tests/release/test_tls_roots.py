"""`seesaw release roots`: what a release ships, and sets that add to it."""

import json
from pathlib import Path

import pytest
import trustme
from seesaw.net.pem import MORE_MAX, certificates

from host_tools import cli
from host_tools.errors import UserError
from host_tools.release import datasets, tls_roots

KEPT = tls_roots.KEPT.read_bytes()


def test_what_is_kept_is_what_the_table_says() -> None:
    found = tls_roots.check_kept()

    assert [one.name for one in found] == list(tls_roots.SHIPPED)
    assert tls_roots.made() == KEPT
    assert {"isrg-x1", "isrg-x2", "digicert-g2", "gts-r1", "gts-r4", "amazon-1"} <= {
        one.name for one in found
    }
    assert all(one.certificate.issuer == one.certificate.subject for one in found)


@pytest.mark.parametrize(
    "spoilt",
    [
        b"", KEPT[:-1], KEPT[:-900], KEPT + b"\n", KEPT + KEPT,
        KEPT.replace(b"# isrg-x1 ", b"# x "),
        KEPT.replace(b"# isrg-x1 ", b"# gts-r1 "), KEPT.replace(b"# isrg-x1 ", b""),
        KEPT.replace(b"MIIF", b"MIIG", 1), b"# X y\n" + KEPT.partition(b"\n")[2],
    ],
)  # fmt: skip
def test_a_kept_file_that_is_spoilt_is_noticed(tmp_path: Path, spoilt: bytes) -> None:
    (tmp_path / "roots.pem").write_bytes(spoilt)
    with pytest.raises(UserError, match="roots.pem"):
        tls_roots.check_kept(tmp_path / "roots.pem")


def test_the_command_says_what_ends_when(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["release", "roots", "--now", "2026-12-01"]) == 0
    text = capsys.readouterr().out
    assert "isrg-x1        2035-06-04 96bcec06264976f3 ISRG Root X1" in text
    assert "ends within 1826 days: none of 10" in text
    assert cli.main(["release", "roots", "--now", "2026-12-01", "--horizon", "9y", "--json"]) == 1
    facts = json.loads(capsys.readouterr().out)
    assert facts["inside"] == ["isrg-x1"]


def test_a_set_is_made_of_a_certificate_by_its_fingerprint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    authority = trustme.CA()
    source, out = tmp_path / "source.pem", tmp_path / "more.pem"
    source.write_bytes(b"Others before\n" + trustme.CA().cert_pem.bytes()
                       + authority.cert_pem.bytes())  # fmt: skip
    (der,) = certificates([b"# x y", *authority.cert_pem.bytes().splitlines()], ())
    print_of = tls_roots.Root("x", der).sha256
    colons = ":".join(print_of[i : i + 2] for i in range(0, 64, 2)).upper()
    arguments = ["release", "roots", "--add", f"mine={colons}", "--source", str(source)]

    assert cli.main([*arguments, "--out", str(out)]) == 0
    assert "mine " in capsys.readouterr().out
    (found,) = tls_roots.check_more(out.read_bytes(), "more")
    assert (found.name, found.der) == ("mine", der)
    datasets.check("roots", out.read_bytes(), 0)
    assert cli.main(arguments) == 2
    assert "--out" in capsys.readouterr().err
    assert cli.main(["release", "roots", "--add", "x=" + "0" * 64, "--out", str(out)]) == 2
    assert "certifi has no certificate 0000" in capsys.readouterr().err


def test_a_set_that_no_device_would_take() -> None:
    for raw in (KEPT, b"", KEPT[:500], b"-----BEGIN CERTIFICATE-----"):
        with pytest.raises(UserError, match="data 'roots'"):
            datasets.check("roots", raw, 0)
    assert len(KEPT) > MORE_MAX
