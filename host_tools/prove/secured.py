"""The update server behind TLS, at whose certificate no release of ours looks: trust never rests on
it (firmware/DESIGN.md). Firmware that does look lives as long as the root that it carries.
"""

import ssl
from functools import cache

import trustme

from host_tools.market.clock import start_of
from host_tools.market.instruments import find
from host_tools.market.server import DEFAULT_DATE
from host_tools.market.site import Site
from host_tools.market.tls import TlsPeer, TlsSite

HOST = "updates"
ROOT_DAYS = 60  # after manufacture its root ends, and the server has a certificate of the next one
OVER_S = start_of(find("sp500"), DEFAULT_DATE) + ROOT_DAYS * 86_400


@cache
def root(number: int) -> trustme.CA:
    """0: what a device of these days knows; 1: what followed on it."""
    return trustme.CA(organization_unit_name=f"root {number}")


@cache
def context(number: int) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    root(number).issue_cert(HOST).configure_cert(made)
    return made


class Secured:
    """A site as it is reached by TLS. Its certificate is made when it is first asked for."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def connect(self) -> TlsPeer:
        return TlsSite(self.site, context(int(self.site.clock() >= OVER_S))).connect()
