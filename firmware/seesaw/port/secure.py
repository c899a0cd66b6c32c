"""TLS with certificates verified: against the roots that the release ships, and those that signed
data adds (SPEC, "Roots"). One connection at a time: each takes tens of KB that nobody else has.
"""

import asyncio
import gc

from micropython import const

from seesaw.net.pem import certificates

ROOTS = "/bundle/roots.pem"
_WAIT_MS = const(20000)  # for the connection before to end
_LOOK_MS = const(50)


class Secure:
    """clock: of port.board. more: the roots of signed data, as PEM, b"" for none. plain: the opener
    of port.board. `busy` while there is a connection."""

    def __init__(self, clock, more: bytes, plain, roots: str = ROOTS):
        self.busy = False
        self._clock = clock
        self._more = more
        self._plain = plain
        self._roots = roots

    def opener(self, names: tuple = ()):
        """An opener for net.http that takes these roots alone (their names are in the file), and
        for (), or when one is not there, all of them: five times the memory. A connection that is
        not closed (wait_closed()) keeps all others from being opened."""

        async def opened(host: str, port: int, tls: bool) -> tuple:
            return await self._open(host, port, names) if tls else await self._plain(host, port, 0)

        return opened

    async def _open(self, host: str, port: int, names: tuple) -> tuple:
        """Raises OSError, and ValueError with words from net.certificate."""
        for _ in range(_WAIT_MS // _LOOK_MS):
            if not self.busy:
                break
            await asyncio.sleep_ms(_LOOK_MS)
        if self.busy:
            raise ValueError("another connection is open")
        self.busy = True
        try:
            gc.collect()  # what the session before left behind
            context = self._context(names)
            reader, writer = await asyncio.open_connection(
                host, port, ssl=context, server_hostname=host
            )
        except BaseException as error:  # cancelled, too
            self.busy = False
            raise self.told(error)
        stream = _Stream(self, reader, writer)
        return stream, stream

    def _context(self, names: tuple):
        try:
            import tls as layer
        except ImportError:  # before MicroPython v1.23
            import ssl as layer

        context = layer.SSLContext(layer.PROTOCOL_TLS_CLIENT)
        context.verify_mode = layer.CERT_REQUIRED
        count = 0
        with open(self._roots, "rb") as file:
            for der in certificates(file, names):
                try:
                    context.load_verify_locations(der)
                except ValueError:  # what the release ships is right: there was no room for it
                    raise MemoryError
                count += 1
        for der in certificates(self._more.split(b"\n"), names):
            try:
                context.load_verify_locations(der)
                count += 1
            except (ValueError, OSError):
                pass  # one that this TLS cannot read takes nothing from the others
        return context if count >= len(names) else self._context(())

    def told(self, error: BaseException) -> BaseException:
        """The exception to raise for this one."""
        words = ""
        if isinstance(error, (ValueError, OSError, MemoryError)):
            from seesaw.net.certificate import why  # seldom, and not small

            words = why(error, self._clock.epoch_s() != 0)
        return ValueError(words) if words else error


class _Stream:
    """Reader and writer of a connection; tells what went wrong in words, and that it has ended."""

    def __init__(self, owner, reader, writer):
        self._owner = owner
        self._reader = reader
        self._writer = writer
        self._open = True

    async def read(self, n: int) -> bytes:
        try:
            return await self._reader.read(n)
        except Exception as error:
            raise self._owner.told(error)

    def write(self, data: bytes) -> None:
        try:
            self._writer.write(data)
        except Exception as error:
            raise self._owner.told(error)

    async def drain(self) -> None:
        try:
            await self._writer.drain()
        except Exception as error:
            raise self._owner.told(error)

    def close(self) -> None:
        self._writer.close()

    async def wait_closed(self) -> None:
        try:
            await self._writer.wait_closed()
        finally:
            if self._open:  # closed twice, it must not free the next one's place
                self._owner.busy = self._open = False
