"""`tls` of the ESP32 port on the virtual network: real handshakes by OpenSSL, in memory.

OpenSSL judges names and signatures. The dates it would compare with this machine's clock; so it is
told not to, and they are compared with the chip's here, as mbedTLS does there. What is wrong is
said in mbedTLS's words (x509_crt_verify_info), by the exceptions of extmod/modtls_mbedtls.c.
"""

import ssl
import types
import weakref
from collections.abc import Callable
from typing import Any

from host_tools.emulator.micro_asyncio import Loop
from host_tools.emulator.micro_stream import Stream
from host_tools.emulator.net import Connection
from host_tools.emulator.os_error import MicroOSError

CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED = 0, 1, 2
NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME
PIECE = 16384  # bytes: one record
EXPIRED = "\nThe certificate validity has expired\n"
EARLY = "\nThe certificate validity starts in the future\n"
HOST = "\nThe certificate Common Name (CN) does not match with the expected CN\n"
ROOT = "\nThe certificate is not correctly signed by the trusted CA\n"
MISMATCH = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
FAILED = (-0x7780, "MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE")
NO_ROOM = (-0x7F00, "MBEDTLS_ERR_SSL_ALLOC_FAILED")


class Room:
    """The memory for connections, outside of the Python heap. most: of them at once, 0 for any."""

    def __init__(self, most: int = 0) -> None:
        self.most = most
        self._taken: weakref.WeakSet[Connection] = weakref.WeakSet()  # the collector closes, too

    def take(self, connection: Connection) -> None:
        """Raises OSError when there is none left."""
        if self.most and sum(not one.closed for one in self._taken) >= self.most:
            raise MicroOSError(*NO_ROOM)
        self._taken.add(connection)


class SSLContext:
    """epoch: seconds since 1970 by the chip's clock."""

    def __init__(self, epoch: Callable[[], int], room: Room) -> None:
        self.epoch = epoch
        self.room = room
        self.verify_mode = CERT_REQUIRED
        self._roots: list[bytes] = []

    def load_verify_locations(self, cadata: bytes) -> None:
        if not isinstance(cadata, bytes):
            raise TypeError("object with buffer protocol required")
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=cadata)
        except ssl.SSLError:
            raise ValueError("invalid cert") from None
        self._roots.append(cadata)

    def begin(self, host: str | None) -> "Engine":
        if self.verify_mode == CERT_REQUIRED and not host:
            raise ValueError("CERT_REQUIRED requires server_hostname")
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self.verify_mode == CERT_NONE:
            made.check_hostname = False
            made.verify_mode = ssl.CERT_NONE
        else:
            made.verify_flags = ssl.VerifyFlags(made.verify_flags | NO_CHECK_TIME)
            for root in self._roots:
                made.load_verify_locations(cadata=root)
        return Engine(made, host, None if self.verify_mode == CERT_NONE else self.epoch)


class Engine:
    """One connection's TLS without I/O. epoch: None to verify nothing."""

    def __init__(
        self, context: ssl.SSLContext, host: str | None, epoch: Callable[[], int] | None
    ) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._ssl: Any = context.wrap_bio(self._in, self._out, server_hostname=host)
        self._epoch = epoch
        self.shaken = False

    def shake(self) -> bool:
        """Is the handshake done? Raises ValueError for a certificate, OSError for all else."""
        try:
            self._ssl.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLCertVerificationError as error:
            raise ValueError(HOST if error.verify_code in MISMATCH else ROOT) from None
        except ssl.SSLError:
            raise MicroOSError(*FAILED) from None
        if self._epoch is not None:
            self._check_dates(self._epoch())
        self.shaken = True
        return True

    def _check_dates(self, now_s: int) -> None:
        for one in self._ssl._sslobj.get_verified_chain():
            info = one.get_info()
            if ssl.cert_time_to_seconds(info["notAfter"]) < now_s:
                raise ValueError(EXPIRED)
            if ssl.cert_time_to_seconds(info["notBefore"]) > now_s:
                raise ValueError(EARLY)

    def write(self, data: bytes) -> None:
        self._ssl.write(data)

    def read(self) -> bytes | None:
        """Clear bytes; None when more must come first, empty at the end."""
        try:
            return self._ssl.read(PIECE)
        except ssl.SSLWantReadError:
            return None
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""
        except ssl.SSLError:
            raise MicroOSError(*FAILED) from None

    def came(self, data: bytes) -> None:
        """From the network; empty at its end."""
        self._in.write(data) if data else self._in.write_eof()

    def to_send(self) -> bytes:
        return self._out.read()


class TlsStream(Stream):
    """The handshake begins with the first write and goes on in drain() or a read, as there."""

    def __init__(self, loop: Loop, connection: Connection, engine: Engine) -> None:
        super().__init__(loop, connection)
        self.engine = engine
        self.waiting = b""  # written before the handshake was done

    def write(self, data: bytes) -> None:
        self.waiting += bytes(data)

    async def drain(self) -> None:
        await self._shaken()
        await super().drain()

    async def _shaken(self) -> None:
        while not self.engine.shaken:
            try:
                self.engine.shake()
            finally:
                self._flush()
            if not self.engine.shaken:
                self.engine.came(await super()._fill())
        if self.waiting:
            self.engine.write(self.waiting)
            self.waiting = b""
            self._flush()

    def _flush(self) -> None:
        if data := self.engine.to_send():
            self.connection.send(data)

    async def _fill(self) -> bytes:
        await self._shaken()
        while (found := self.engine.read()) is None:
            self._flush()
            self.engine.came(await super()._fill())
        return found


def connect(loop: Loop, connection: Connection, context: SSLContext, host: str | None) -> Stream:
    """A stream over TLS. Who verifies nothing may also talk to a server that has none: most of the
    servers of the virtual network are spared the handshake."""
    if context.verify_mode == CERT_NONE and not getattr(connection.peer, "tls", False):
        return Stream(loop, connection)
    context.room.take(connection)
    return TlsStream(loop, connection, context.begin(host))


def module(epoch: Callable[[], int], at_once: int = 0) -> types.ModuleType:
    """What `import tls` gives the firmware. at_once: as of Room."""
    room = Room(at_once)
    made = types.ModuleType("tls")
    vars(made).update(
        CERT_NONE=CERT_NONE, CERT_OPTIONAL=CERT_OPTIONAL, CERT_REQUIRED=CERT_REQUIRED,
        PROTOCOL_TLS_CLIENT=0, SSLContext=lambda protocol: SSLContext(epoch, room),
    )  # fmt: skip
    return made
