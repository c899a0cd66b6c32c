"""`seesaw release expiry` and `status`: the trust calendar, and a repository in words."""

import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate
from cryptography.x509.oid import NameOID
from release_rig import BOARD, DAY, NOW, Desk, release

from host_tools import cli
from host_tools.image import board as boards
from host_tools.market import calendars
from host_tools.release import change as changes
from host_tools.release import client, keys, publication, roles, tls_roots, trust_calendar
from host_tools.release import state as states

LIFE = roles.LIFETIME_DAYS


@pytest.mark.parametrize(
    ("days", "horizon", "code"),
    [
        (0, "5y", 0),
        (0, "9y", 0),
        (0, "11y", 1),
        (0, f"{LIFE - 1}d", 0),
        (0, f"{LIFE}d", 1),
        (LIFE - 1826, "5y", 1),
        (LIFE - 1827, "5y", 0),
        (LIFE - 10, "9d", 0),
        (LIFE - 10, "10d", 1),
        (LIFE + 1, "0d", 1),
    ],
)
def test_the_exit_code_says_whether_something_ends(
    desk: Desk, days: int, horizon: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust_calendar, "shipped", lambda now_s: [])  # some end before
    desk.now_s = NOW + days * DAY

    assert desk.run("expiry", "--horizon", horizon) == code


def test_five_years_are_looked_ahead_by_default(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust_calendar, "shipped", lambda now_s: [])
    desk.now_s = NOW + (LIFE - roles.HORIZON_DAYS - 2) * DAY
    assert desk.run("expiry") == 0
    desk.now_s += 2 * DAY
    assert desk.run("expiry") == 1


def test_the_roots_that_a_release_ships_count(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nine years on, two of them have ended, and everything that is signed is good."""
    first = min(tls_roots.check_kept(), key=lambda one: one.end)
    assert desk.run("expiry", "--horizon", "8y") == 0
    line = "nothing that is signed, and no root that ships, ends within 2922 days"
    assert line in capsys.readouterr().out.splitlines()
    assert desk.run("expiry", "--horizon", "9y", "--json") == 1
    inside = json.loads(capsys.readouterr().out)["inside"]
    assert inside[0] == f"shipped root {first.name}" and all(map(is_root, inside))
    assert desk.run("expiry", "--horizon", "9y") == 1
    out = capsys.readouterr().out
    assert f"{len(inside)} of 20 end within 3287 days" in out.splitlines()
    assert out.splitlines()[1].split()[2:4] == [first.name, f"{first.end:%Y-%m-%d}"]
    assert "nothing" not in out
    desk.now_s = int(first.end.timestamp()) + DAY
    assert desk.run("expiry", "--horizon", "0d") == 1
    assert "EXPIRED" in capsys.readouterr().out


def is_root(what: str) -> bool:
    return what.startswith("shipped root ")


def test_every_role_has_a_row(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.run("expiry", "--json", keys=True) == 0
    facts = json.loads(capsys.readouterr().out)
    whats = {row["what"]: row for row in facts["ends"] if not is_root(row["what"])}

    assert len(facts["ends"]) == len(whats) + len(tls_roots.SHIPPED)
    assert set(whats) == {f"role {name}" for name in (*roles.TOP_LEVEL, "data", *boards.names())}
    assert whats["role root"]["renewal"] == "keys root-1, root-2, root-3"
    assert whats[f"role {BOARD}"]["renewal"] == "keys targets-1, targets-2"
    assert {row["days"] for row in whats.values()} == {LIFE - 1}
    assert facts["inside"] == [] and facts["horizon_days"] == 1826


def test_one_role_that_ends_early_is_named(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(tmp_path_factory.mktemp("short"))
    line = ["release", "init", str(desk.repo), "--keys", str(desk.keys)]
    assert cli.main([*line, "--timestamp-days", "365", "--now", str(NOW)]) == 0
    capsys.readouterr()

    assert desk.run("expiry") == 1
    captured = capsys.readouterr()
    (row,) = [row for row in captured.out.splitlines() if "inside" in row]
    assert row.split()[:5] == ["role", "timestamp", "2028-01-15", "364", "inside"]
    assert "1 of 20 end within 1826 days" in captured.out
    assert desk.run("expiry", "--horizon", "300d") == 0
    assert desk.drill(release("0.2.0")) == 0  # what is signed later keeps the lifetime
    assert desk.timestamp()["expires"].startswith("2028-01-15")
    desk.now_s = NOW + 366 * DAY
    capsys.readouterr()
    assert desk.run("expiry") == 1
    assert "EXPIRED" in capsys.readouterr().out


def test_an_exchange_whose_calendar_ends_is_named(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    table = calendars.read()
    name = min(table, key=lambda one: int(table[one]["last"]))
    desk.now_s = (table[name]["last"] - calendars.HORIZON_DAYS_MIN) * DAY
    assert desk.run("expiry") == 0
    assert "the calendar ends" not in capsys.readouterr().out
    desk.now_s += DAY
    assert desk.run("expiry") == 0
    line = f"{name}: the calendar ends on {calendars.date_of(table[name]['last'])}, in 59 days"
    assert f"{line}: 'seesaw market calendar'" in capsys.readouterr().out.splitlines()
    assert desk.run("expiry", "--json") == 0
    assert line in json.loads(capsys.readouterr().out)["calendars"]


def test_a_key_that_ends_is_in_the_calendar(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    path = desk.keys / "keys.json"
    found = json.loads(path.read_text())
    found["keys"]["timestamp-1"]["until"] = "2029-12-31"
    path.write_text(json.dumps(found))

    assert desk.run("expiry") == 0  # the keys were not asked
    capsys.readouterr()
    assert desk.run("expiry", keys=True) == 1
    first = capsys.readouterr().out.splitlines()[1]
    assert first.split()[:3] == ["key", "timestamp-1", "2029-12-31"]
    assert desk.run("rotate", "snapshot") == 0  # and it is kept
    assert json.loads(path.read_text())["keys"]["timestamp-1"]["until"] == "2029-12-31"
    found["keys"]["timestamp-1"]["until"] = "soon"
    path.write_text(json.dumps(found))
    assert desk.run("expiry", keys=True) == 2


@pytest.mark.parametrize("text", ["5", "y", "-5y", "5w", "5 y", "999999y"])
def test_a_horizon_has_a_form(desk: Desk, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.run("expiry", f"--horizon={text}") == 2
    assert "such as 5y or 90d" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["2027-1-1x", "tomorrow", "99999999999", "1969-01-01", ""])
def test_a_time_has_a_form(desk: Desk, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["release", "status", str(desk.repo), f"--now={text}"]
    assert cli.main(line) == 2
    assert "such as 2027-01-31" in capsys.readouterr().err


# -- in words -----------------------------------------------------------------------------------


def test_status_says_what_is_there(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.sign(release("0.2.0"), "--start-percentage", 5, "--duration-minutes", 60) == 0
    assert desk.sign(release("0.3.0"), "--barrier", "settings move") == 0
    assert desk.sign(release("0.4.0"), "--from", "0.3.0-0.3.9", "--through", "0.3.0") == 0
    assert desk.run("halt", "0.4.0") == desk.run("recall", "0.2.0", "--board", BOARD) == 0
    capsys.readouterr()
    assert desk.run("status") == 0
    out = capsys.readouterr().out
    rows = {row.split()[1]: row for row in out.splitlines() if row.startswith(BOARD)}

    assert "root 2 of 3, targets 1 of 2, snapshot 1 of 1, timestamp 1 of 1" in out
    assert "no release yet: esp32, esp32c3, esp32s3, esp32s3_16m" in out
    assert f"recalled: {BOARD} 0.2.0" in out and "halted: 0.4.0" in out
    assert "barrier: settings move" in out and "from 0.3.0-0.3.9, through 0.3.0" in out
    assert rows["0.2.0"].split()[:4] == [BOARD, "0.2.0", "0.3.0", "recalled:"]  # the last table's
    assert rows["0.3.0"].split() == [BOARD, "0.3.0", "stays"]


def test_status_for_programs(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.sign(release("0.2.0")) == 0
    capsys.readouterr()
    assert desk.run("status", "--json") == 0
    facts = json.loads(capsys.readouterr().out)

    assert (facts["root"], facts["timestamp"], facts["snapshot"]) == (1, 2, 2)
    assert [one["version"] for one in facts["releases"][BOARD]] == ["0.2.0"]
    assert facts["issued"] == desk.timestamp()["x-seesaw-issued"]
    (one,) = facts["fleet"]
    assert (one["board"], one["version"], one["stops"]) == (BOARD, "0.2.0", [])
    assert not one["stuck"] and not one["recalled"]


# -- certificates -------------------------------------------------------------------------------


def certificate(name: str, end_s: int) -> Certificate:
    """A root that signs itself, from a year before its end."""
    key = ed25519.Ed25519PrivateKey.generate()
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder(named, named, key.public_key(), 1)
    made = made.not_valid_before(roles.moment(end_s - 365 * DAY))
    return made.not_valid_after(roles.moment(end_s)).sign(key, None)


def serve_roots(desk: Desk, data: bytes) -> None:
    """Sign a target `data/roots`."""
    state = states.load(client.reader(desk.repo), "repo")
    change = changes.Change()
    target = changes.add_target(change.edit(state, roles.DATA), "data/roots", data, None)
    change.files[roles.target_path("data/roots", target.hashes["sha256"])] = data
    desk.now_s += 60
    files = changes.commit(state, change, keys.load(desk.keys), desk.now_s)
    publication.write(desk.repo, files, desk.now_s)


def test_tls_roots_that_end_are_listed(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    soon, late = (certificate(*one) for one in (("Soon", NOW + 90 * DAY), ("L", NOW + 9000 * DAY)))
    serve_roots(desk, soon.public_bytes(Encoding.PEM) + late.public_bytes(Encoding.PEM))
    assert desk.run("expiry") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:5] == ["certificate", "CN=Soon", "2027-04-15", "89", "inside"]
    assert "sign a newer data/roots" in lines[1] and any("CN=L " in line for line in lines[2:])
    assert desk.run("expiry", "--horizon", "80d") == 0
    assert desk.run("status") == 0
    assert desk.run("renew") == 0  # no role ends: a certificate is no role
    assert "nothing is signed" in capsys.readouterr().out

    serve_roots(desk, soon.public_bytes(Encoding.DER))
    assert desk.run("expiry", "--json") == 1
    facts = json.loads(capsys.readouterr().out)
    assert facts["inside"] == ["certificate CN=Soon"]


def test_tls_roots_that_are_none_are_said(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    serve_roots(desk, b"-----BEGIN but no certificate")
    assert desk.run("expiry") == 2
    assert "no certificates" in capsys.readouterr().err
    (path,) = (desk.repo / "targets" / "data").iterdir()
    path.write_bytes(b"another")
    assert desk.run("expiry") == 2
    assert "not the file that was signed" in capsys.readouterr().err
