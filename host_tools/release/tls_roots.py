"""Roots of TLS: those that a release ships, and sets that add to them (firmware/SPEC.md, "Roots").

The kept file is PEM, a line "# name end subject" before each certificate. Which certificates they
are is said here, by SHA-256: where the bytes come from is then no matter. They come from certifi,
which carries Mozilla's list.
"""

import hashlib
import re
import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import certifi
from cryptography.x509 import Certificate, load_der_x509_certificate
from cryptography.x509.oid import NameOID
from seesaw.net.pem import MORE_MAX

from host_tools.errors import UserError
from host_tools.image import bundle

KEPT = bundle.FIRMWARE / f"{bundle.PACKAGE}/data/{bundle.TLS_ROOTS}"
KEPT_MAX = 16384  # bytes
NAME_FORM = re.compile(r"[a-z0-9][a-z0-9-]{0,23}")
BEGIN = "-----BEGIN CERTIFICATE-----"
BLOCK = re.compile(rf"# (\S+) .*\n({BEGIN}\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----)\n")
SHIPPED = {  # name: SHA-256 of the certificate
    "isrg-x1": "96bcec06264976f37460779acf28c5a7cfe8a3c0aae11a8ffcee05c0bddf08c6",
    "isrg-x2": "69729b8e15a86efc177a57afb7171dfc64add28c2fca8cf1507e34453ccb1470",
    "digicert-g2": "cb3ccbb76031e5e0138f8dd39a23f9de47ffc35e43c1144cea27d46a5ab1cb5f",
    "gts-r1": "d947432abde7b7fa90fc2e6b59101b1280e0e1c7e4e40fa3c6887fff57a7f4cf",
    "gts-r4": "349dfa4058c5e263123b398ae795573c4e1313c83fe68f93556cd5e8031b3c7d",
    "amazon-1": "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
    "usertrust-rsa": "e793c9b02fd8aa13e21c31228accb08119643b749c898964b1746d46c3d4cbd2",
    "usertrust-ecc": "4ff460d54b9c86dabfbcfc5712e0400d2bed3fbc4d4fbdaa86e06adcd2a9ad7a",
    "sectigo-r46": "7bb647a62aeeac88bf257aa522d01ffea395e0ab45c73f93f65654ec38f25a06",
    "sectigo-e46": "c90f26f0fb1b4018b22227519b5ca2b53e2ca5b3be5cf18efe1bef47380c5383",
}
AGAIN = "'seesaw release roots --write' makes it anew"


@dataclass(frozen=True, slots=True)
class Root:
    """sha256: hex, of der."""

    name: str
    der: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.der).hexdigest()

    @property
    def certificate(self) -> Certificate:
        return load_der_x509_certificate(self.der)

    @property
    def subject(self) -> str:
        """Its common name, or all of it."""
        subject = self.certificate.subject
        found = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(found[0].value) if found else subject.rfc4514_string()

    @property
    def end(self) -> datetime:
        return self.certificate.not_valid_after_utc

    def pem(self) -> str:
        subject = self.subject.encode("ascii", "replace").decode()
        head = f"# {self.name} {self.end:%Y-%m-%d} {subject}\n"
        return head + ssl.DER_cert_to_PEM_cert(self.der)


def parse(raw: bytes, what: str) -> list[Root]:
    """The certificates of a file of this form. UserError when it has another, or names one twice.

    Nothing but the heads and the certificates may be in it: a device would take it for one.
    """
    text = raw.decode("ascii", "replace")
    if BLOCK.sub("", text):
        fix = f"before each certificate a line '# name', a blank and a word; {AGAIN}"
        raise UserError(what, "it is not of certificates alone, each with its name", fix)
    found: list[Root] = []
    for name, pem in BLOCK.findall(text):
        try:
            root = Root(name, ssl.PEM_cert_to_DER_cert(pem))
            _ = root.certificate
        except ValueError as error:
            raise UserError(what, f"{name} is no certificate ({error})", AGAIN) from error
        if not NAME_FORM.fullmatch(name) or name in [one.name for one in found]:
            raise UserError(what, f"name '{name}'", "each another, of a-z, 0-9 and '-'")
        found.append(root)
    if not found:
        raise UserError(what, "no certificate in it", AGAIN)
    return found


def check_more(raw: bytes, what: str) -> list[Root]:
    """A set that adds to the shipped ones. UserError for one that a device could not use."""
    if len(raw) > MORE_MAX:
        why = f"{len(raw)} bytes, a device takes {MORE_MAX}"
        raise UserError(what, why, "one of RSA and one of ECDSA; a release has more room")
    return parse(raw, what)


def check_kept(path: Path = KEPT) -> list[Root]:
    """What a release ships. UserError unless it is SHIPPED, all of it and in its order."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(str(path), error.strerror or str(error), AGAIN) from error
    found = parse(raw, str(path))
    if {one.name: one.sha256 for one in found} != SHIPPED:
        raise UserError(str(path), "these are other certificates than tls_roots.SHIPPED", AGAIN)
    return found


def find(name: str, sha256: str, source: Path | None = None) -> Root:
    """The certificate of that SHA-256 (hex, colons allowed) in a PEM file, certifi's if None.
    UserError when it has none."""
    source = source or Path(certifi.where())
    wanted = sha256.replace(":", "").lower()
    for block in source.read_text("utf-8").split(BEGIN)[1:]:
        der = ssl.PEM_cert_to_DER_cert(BEGIN + block.partition("-----END")[0]
                                       + "-----END CERTIFICATE-----")  # fmt: skip
        if hashlib.sha256(der).hexdigest() == wanted:
            return Root(name, der)
    fix = "a newer certifi may have it, or it was taken off the list: replace it in SHIPPED"
    raise UserError(f"root {name}", f"certifi has no certificate {wanted[:16]}...", fix)


def made(wanted: dict[str, str] = SHIPPED, source: Path | None = None) -> bytes:
    """A file of these roots, name -> SHA-256. UserError when one cannot be had."""
    raw = "".join(find(name, sha256, source).pem() for name, sha256 in wanted.items()).encode()
    if len(raw) > KEPT_MAX:
        raise UserError("roots", f"{len(raw)} bytes, at most {KEPT_MAX}", "fewer of them")
    return raw
