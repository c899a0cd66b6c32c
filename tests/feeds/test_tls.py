"""The app verifies whom it gets its prices from, on both engines: what it says and what it does."""

import pytest
from tls_rig import CA, CPYTHON, ENGINES, STRANGER, VM, bench, pem

YEARS_S = 73 * 365 * 86_400  # to 2099
both = pytest.mark.parametrize("engine", ENGINES)


@both
def test_a_valid_certificate(engine: str) -> None:
    with bench(engine) as world:
        world.run(until=world.live)

        assert world.live(), world.lines[-5:]
        assert not world.said("why=tls") and not world.said("Traceback")
        assert world.market.site.log


@both
@pytest.mark.parametrize(
    ("leaf", "words"),
    [
        ("expired", "why=tls: certificate expired"),
        ("not yet valid", "why=tls: certificate not yet valid"),
        ("of another host", "why=tls: certificate of another host"),
        ("of an unknown root", "why=tls: certificate of an unknown root"),
    ],
)
def test_a_certificate_that_is_refused(engine: str, leaf: str, words: str) -> None:
    """In words, without a request for prices on that connection, and without a crash."""
    with bench(engine, leaf) as world:
        world.run(until=lambda: world.said(words))

        assert world.said(words), world.lines[-5:]
        assert not world.live() and not world.said("Traceback")
        paths = {path for _, _, path, _ in world.market.site.log}
        assert paths <= {"/"}  # the root page, for its Date


@both
def test_a_provider_that_mends_its_certificate_is_followed_again(engine: str) -> None:
    from tls_rig import context

    with bench(engine, "of another host") as world:
        world.run(until=lambda: world.said("why=tls"))
        world.server.context = context("valid")
        world.lines.clear()
        world.run(until=world.live)

        assert world.live(), world.lines[-5:]


class Plain:
    """A server that knows no TLS, and says so at once."""

    tls = True  # spared nothing: see host_tools.emulator.micro_tls.connect

    def received(self, data: bytes) -> list[tuple]:
        return [("data", b"HTTP/1.1 400 Bad Request\r\n\r\n"), ("close",)]


@both
def test_a_server_that_knows_no_tls(engine: str) -> None:
    with bench(engine) as world:
        world.server.connect = Plain  # type: ignore[method-assign, assignment]
        world.run(until=lambda: world.said("why=tls: TLS: MBEDTLS_ERR"), seconds=20)

        assert world.said("why=tls: TLS: MBEDTLS_ERR"), world.lines[-5:]
        assert not world.live() and not world.said("Traceback")


# -- a clock that is not set ---------------------------------------------------------------------


@both
def test_a_clock_that_is_not_set_is_set_by_ntp(engine: str) -> None:
    with bench(engine, "of this year", (("", 0), ("", 0)), clock_set=False) as world:
        world.run(until=world.live)

        assert world.live(), world.lines[-5:]
        assert world.said("event=clock") and world.said("words=agreed, ntp 2 of 2")
        assert world.year() == 2026
        assert not world.said("why=tls")


@both
def test_a_clock_that_is_not_set_is_set_by_a_date(engine: str) -> None:
    """Nobody answers by NTP. The Date comes over the very connection that cannot be verified yet,
    and nothing else is believed of it."""
    with bench(engine, "of this year", clock_set=False) as world:
        world.run(until=world.live)

        assert world.live(), world.lines[-5:]
        assert world.said("words=unsure, ntp 0 of 1")
        assert world.year() == 2026


@pytest.mark.parametrize("fault", ["silent", "kiss-deny", "wrong-origin", "unsynchronised"])
@both
def test_one_server_that_is_of_no_use_is_made_up_for(engine: str, fault: str) -> None:
    with bench(engine, "of this year", ((fault, 0), ("", 0)), clock_set=False) as world:
        world.run(until=world.live)

        assert world.live(), world.lines[-5:]
        assert world.said("words=agreed, ntp 1 of 2")  # and the provider's Date
        assert world.year() == 2026


@both
def test_a_server_that_is_years_off_is_outvoted(engine: str) -> None:
    with bench(engine, "of this year", (("", YEARS_S), ("", 0)), clock_set=False) as world:
        world.run(until=world.live)

        assert world.live(), world.lines[-5:]
        assert world.year() == 2026


@both
def test_two_forged_servers_cost_one_failed_poll(engine: str) -> None:
    """Whoever owns the way forges NTP. The certificate speaks against 2099, and the Date of its own
    server decides: the beam follows within the same minute."""
    with bench(engine, "of this year", (("", YEARS_S), ("", YEARS_S)), clock_set=False) as world:
        world.run(until=world.live)

        assert world.live(), world.lines[-5:]
        assert world.said("words=in doubt, by Date")
        assert world.year() == 2026


@both
@pytest.mark.parametrize("ntp", ["a:b  ", ":", f"localhost:{10**12}", "\u00e9:123", "x" * 300])
def test_servers_that_nobody_can_ask(engine: str, ntp: str) -> None:
    with bench(engine, "of this year", clock_set=False, ntp=ntp) as world:
        world.run(until=world.live)

        assert world.live() and not world.said("Traceback"), world.lines[-5:]


@both
def test_without_any_time_the_words_say_so(engine: str) -> None:
    with bench(engine, "of this year", clock_set=False) as world:
        handler = world.market.site.handler

        def undated(request):
            reply = handler(request)
            reply.headers["date"] = "-"
            return reply

        world.market.site.handler = undated
        world.run(until=lambda: world.said("why=tls: clock not set"))

        assert world.said("why=tls: clock not set"), world.lines[-5:]
        assert not world.live() and not world.said("Traceback")


def test_an_expired_certificate_is_no_reason_to_change_a_right_clock() -> None:
    with bench(CPYTHON, "expired") as world:
        world.run(seconds=1800)

        assert not world.said("event=clock")
        asked = [path for _, _, path, _ in world.market.site.log]
        assert 1 <= len(asked) <= 4  # one Date every 15 minutes, not one at each poll


# -- roots ---------------------------------------------------------------------------------------


@both
def test_more_roots_than_one_may_be_added(engine: str) -> None:
    with bench(engine, "of an unknown root", roots=pem(CA, STRANGER)) as world:
        world.run(until=world.live)

        assert world.live(), world.lines[-5:]


@both
@pytest.mark.parametrize("rubbish", [b"\x00\xff" * 99, b"# x y\n-----BEGIN CERTIFICATE-----\nAAAA\n"
                                     b"-----END CERTIFICATE-----\n"])  # fmt: skip
def test_roots_that_are_rubbish_leave_the_shipped_ones(engine: str, rubbish: bytes) -> None:
    with bench(engine, roots=rubbish) as world:
        world.run(until=lambda: world.said("why=tls"))

        assert world.said("why=tls: certificate of an unknown root"), world.lines[-5:]
        assert not world.said("Traceback")


def test_the_engines_are_two() -> None:
    assert ENGINES == (CPYTHON, VM)
