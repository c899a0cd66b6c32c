"""What a run may use up, and the worlds in which that shows: they are as they say."""

import ssl
from collections.abc import Callable

import pytest

from host_tools.emulator import micro_tls
from host_tools.image import bundle as bundles
from host_tools.market.site import Site, static
from host_tools.prove import budgets, kits, runner, secured
from host_tools.prove.scenario import offering
from host_tools.prove.scenarios import FIFTEEN_YEARS_S, MANY
from host_tools.prove.seesaw import LiveSeesaw, Seesaw
from host_tools.release import development

REQUEST = b"GET /metadata/timestamp.json HTTP/1.1\r\nHost: updates\r\n\r\n"
KEYS_LEFT = 8  # of the budget: a release may need some more


@pytest.fixture(scope="module")
def subject() -> Seesaw:
    return kits.seesaw()


def started(subject: Seesaw) -> LiveSeesaw:
    live = subject.start(subject.factory(subject.candidate).copy(), offering(""))
    live.device.run(30)
    return live


def keys(live: LiveSeesaw, count: int) -> None:
    for number in range(count):
        live.device.board.storage.nvs.set_i32("seesaw", f"key{number}", number)


def requests(live: LiveSeesaw, count: int) -> None:
    live.updates.asked += count


def prices(live: LiveSeesaw, count: int) -> None:
    live.market.site.asked += count


def sockets(live: LiveSeesaw, count: int) -> None:
    net = live.device.net
    net.up = lambda: True  # the run is over, and with it the Wi-Fi
    kept = [net.connect("updates", 80) for _ in range(count)]
    for one in kept:
        one.close()
    assert net.most >= count


@pytest.mark.parametrize(
    ("use", "count", "words"),
    [
        (keys, budgets.KEYS, "keys in NVS"),
        (requests, 400, "asked for updates"),
        (prices, 400, "asked for prices"),
        (sockets, budgets.OPEN + 1, "open at once"),
    ],
)
def test_what_is_used_up_is_found(
    subject: Seesaw, use: Callable[[LiveSeesaw, int], None], count: int, words: str
) -> None:
    live = started(subject)
    assert not budgets.spent(live) and live.trouble() is None
    use(live, count)

    assert words in budgets.spent(live)
    found = live.trouble()
    assert found and found[0] == "worn" and words in found[1]


def test_a_healthy_device_is_far_from_them(subject: Seesaw) -> None:
    live = started(subject)
    keys(live, KEYS_LEFT)
    requests(live, 200)
    prices(live, 200)
    sockets(live, 2)

    assert not budgets.spent(live)


def test_the_candidates_code_follows_on_itself(subject: Seesaw) -> None:
    candidate, third = subject.release(subject.candidate), subject.release("0.2.4")
    assert candidate and third
    same, other = candidate.bundle.modules, third.bundle.modules
    differ = [name for name in same if same[name] != other[name]]

    assert differ == ["seesaw/version.mpy"] and same.keys() == other.keys()
    assert bundles.with_version(candidate.bundle, subject.candidate).image == candidate.bundle.image
    chip = runner.prepare(subject, MANY)
    assert subject.holds(chip, "ota_0", "0.2.5") and subject.holds(chip, "ota_1", "0.2.4")


def test_a_line_carries_so_much_and_no_more(subject: Seesaw) -> None:
    for most in (100, 100_000):
        world = offering("0.3.0", line=str(most))
        live = subject.start(subject.factory("0.2.0").copy(), world)
        actions = live.device.net.hosts["updates", 80].connect().received(REQUEST)
        data = b"".join(action[1] for action in actions if action[0] == "data")
        assert (len(data), actions[-1][0]) == (min(most, len(data)), "reset" if most < 900 else
                                               "close")  # fmt: skip
        assert live.struck == (most < 900)


def test_what_is_served_fifteen_years_on_is_signed_then(subject: Seesaw) -> None:
    today, later = (subject.on_offer("0.3.0", wall_s) for wall_s in (0, FIFTEEN_YEARS_S))
    assert today and later and today.slot == later.slot
    name = "metadata/timestamp.json"
    assert b'"2036-' in today.site[name] and b'"2051-' in later.site[name]
    assert later is subject.on_offer("0.3.0", FIFTEEN_YEARS_S)
    assert subject.on_offer("", FIFTEEN_YEARS_S) is None
    assert development.root() == later.site["metadata/1.root.json"]


@pytest.mark.parametrize(("at_s", "trusted"), [(0, True), (secured.OVER_S, False)])
def test_the_root_of_tls_ends(at_s: int, trusted: bool) -> None:
    context = micro_tls.SSLContext(lambda: at_s or secured.OVER_S - 1, micro_tls.Room())
    pem = secured.root(0).cert_pem.bytes().decode()
    context.load_verify_locations(ssl.PEM_cert_to_DER_cert(pem))
    engine, peer = context.begin(secured.HOST), secured.Secured(site(at_s)).connect()

    def shaken() -> bool:
        while not engine.shake():
            for action in peer.received(engine.to_send()):
                engine.came(action[1])
        return True

    if trusted:
        assert shaken()
    else:
        with pytest.raises(ValueError, match="not correctly signed by the trusted CA"):
            shaken()


def site(at_s: int) -> Site:
    return Site(static({}), lambda: at_s)
