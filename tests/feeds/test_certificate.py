"""Words for what TLS raises, and the certificates in a file of roots."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seesaw.net.certificate import of_the_clock, why
from seesaw.net.pem import certificates

from host_tools.emulator.os_error import MicroOSError
from host_tools.release import tls_roots

EXPIRED = "\nThe certificate validity has expired\n"
ROOT = "\nThe certificate is not correctly signed by the trusted CA\n"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError(EXPIRED), "certificate expired"),
        (ValueError("The certificate validity starts in the future"), "certificate not yet valid"),
        (ValueError("Common Name (CN) does not match with the expected CN"),
         "certificate of another host"),
        (ValueError(ROOT), "certificate of an unknown root"),
        (ValueError(EXPIRED + ROOT), "certificate of an unknown root"),
        (ValueError("no such root: x"), "certificate refused: no such root: x"),
        (MicroOSError(-0x7F00, "MBEDTLS_ERR_SSL_ALLOC_FAILED"), "no memory for TLS"),
        (MicroOSError(-0x2880, "MBEDTLS_ERR_X509_ALLOC_FAILED"), "no memory for TLS"),
        (MicroOSError(12), "no memory for TLS"),
        (MemoryError("memory allocation failed"), "no memory for TLS"),
        (MicroOSError(-0x7780, "MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE"),
         "TLS: MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE"),
        (MicroOSError(-0x7780), "TLS: -30592"),  # without memory for the text
        (MicroOSError(104), ""),
        (MicroOSError(-202, "EAI_FAIL"), ""),
        (MicroOSError(), ""),
    ],
)
def test_words(error: Exception, words: str) -> None:
    assert why(error, True) == words


def test_a_date_is_no_fault_of_a_certificates_without_a_clock() -> None:
    assert why(ValueError(EXPIRED), False) == "clock not set"
    assert why(ValueError(ROOT), False) == "certificate of an unknown root"


def test_what_speaks_against_the_clock() -> None:
    words = ["tls: certificate expired", "tls: certificate not yet valid", "tls: clock not set"]

    assert all(of_the_clock(one) for one in words)
    assert not any(of_the_clock(one) for one in ("", "timeout", "tls: certificate of another host"))


LINES = tls_roots.KEPT.read_bytes().split(b"\n")


def test_each_root_by_its_name() -> None:
    every = list(certificates(LINES, ()))

    assert every == [root.der for root in tls_roots.check_kept()]
    for i, name in enumerate(tls_roots.SHIPPED):
        assert list(certificates(LINES, (name,))) == [every[i]]
    assert list(certificates(LINES, ("gts-r4", "isrg-x1"))) == [every[0], every[4]]
    assert not list(certificates(LINES, ("isrg",)))


@given(st.lists(st.one_of(st.sampled_from([b"# a x", b"-----BEGIN CERTIFICATE-----", b"#", b"# ",
                                           b"-----END CERTIFICATE-----", b"AAAA", b"\xff"]),
                          st.binary(max_size=20)), max_size=30))  # fmt: skip
def test_a_file_of_anything(lines: list[bytes]) -> None:
    try:
        for der in certificates(lines, ()):
            assert isinstance(der, bytes)
    except ValueError:
        pass  # what is no base64; told by who reads it


def test_base64_of_more_than_one_line_is_one_certificate() -> None:
    der = bytes(range(256))
    text = base64.encodebytes(der).splitlines()
    block = [b"# a x", b"-----BEGIN CERTIFICATE-----", *text, b"-----END CERTIFICATE-----"]

    assert list(certificates(block + block, ())) == [der, der]
