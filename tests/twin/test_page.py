"""The page's server: what it answers to whom, its event stream, its bounds, and its words."""

import http.client
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host_tools import cli
from host_tools.twin import page as page_module
from host_tools.twin import run, words
from host_tools.twin.faults import FAULTS
from host_tools.twin.page import FILES, FOLDER, STREAMS_MAX, Page
from host_tools.twin.reports import Event, Quote, parse
from host_tools.twin.scene import Scene, Wanted
from host_tools.twin.view import View

SECONDS = 10  # for an answer


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with Scene(Wanted(build=tmp_path_factory.mktemp("build")), lambda report: None) as built:
        yield built


@pytest.fixture
def view(scene: Scene) -> View:
    made = View()
    made.attach(scene)
    return made


@pytest.fixture
def pressed() -> list[str]:
    return []


@pytest.fixture
def page(view: View, pressed: list[str]) -> Iterator[Page]:
    with Page(view, {"offer": lambda: pressed.append("offer")}, 0) as served:
        yield served


def ask(page: Page, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=SECONDS)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


class Stream:
    """An open event stream."""

    def __init__(self, page: Page) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=SECONDS)
        self.connection.request("GET", "/events")
        self.answer = self.connection.getresponse()

    def event(self) -> tuple[str, dict]:
        """The next event: its kind and its data."""
        kind = ""
        while line := self.answer.readline().decode():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ").strip()
            elif line.startswith("data: "):
                assert self.answer.readline() == b"\n"
                return kind, json.loads(line.removeprefix("data: "))
        raise AssertionError("the stream ended")

    def close(self) -> None:
        self.answer.close()
        self.connection.close()


@pytest.fixture
def stream(page: Page) -> Iterator[Callable[[], Stream]]:
    opened: list[Stream] = []

    def open_one() -> Stream:
        opened.append(Stream(page))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


# -- answers --------------------------------------------------------------------------------


def test_every_file_is_served_and_nothing_comes_from_elsewhere(page: Page) -> None:
    for path, (name, _) in FILES.items():
        status, text = ask(page, path)
        assert status == 200 and text
        text = text.replace("http://www.w3.org/2000/svg", "")  # a namespace, never fetched
        assert not re.search(r"(https?:)?//[a-z]", text, re.IGNORECASE), name
        assert "@import" not in text and "url(http" not in text
    html = ask(page, "/")[1]
    assert 'id="beam"' in html and page_module.DRAWING not in html


def test_the_script_finds_every_element(page: Page) -> None:
    ids = set(re.findall(r'\bid="([\w-]+)"', ask(page, "/")[1]))
    script = ask(page, "/seesaw.js")[1] + ask(page, "/common.js")[1]
    wanted = set(re.findall(r'(?:\$|put)\("([\w-]+)"', script))
    assert wanted and wanted <= ids


def test_scripts_of_others_and_frames_are_forbidden(page: Page) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=SECONDS)
    connection.request("GET", "/")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", ["/nothing", "/../page.py", "/actions/offer", "/index.html"])
def test_an_unknown_path_is_404(page: Page, path: str) -> None:
    assert ask(page, path)[0] == 404


def test_the_state_is_json(page: Page, scene: Scene) -> None:
    status, text = ask(page, "/state")
    state = json.loads(text)
    assert status == 200
    assert state["instrument"] == scene.instrument.title and state["actions"] == ["offer"]
    slots = [(slot["letter"], slot["status"], slot["version"]) for slot in state["slots"]]
    assert slots == [("A", "off", scene.release.version), ("B", "empty", "")]
    assert state["beam"]["pulse_us"] == 0 and state["pace"]["speeds"] == [1]
    assert not any(fault["held"] for fault in state["faults"])


# -- buttons --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_button_acts_for_its_own_page(page: Page, pressed: list[str], name: str) -> None:
    host = f"{name}:{page.port}"
    answer = ask(page, "/actions/offer", "POST", Host=host, Origin=f"http://{host}")
    assert answer[0] == 202 and pressed == ["offer"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": "https://127.0.0.1:PORT"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://localhost:PORT"},
        {"Host": "evil.example:PORT", "Origin": "http://evil.example:PORT"},
        {"Host": "127.0.0.1", "Origin": "http://127.0.0.1"},
    ],
)
def test_no_other_page_presses_a_button(
    page: Page, pressed: list[str], headers: dict[str, str]
) -> None:
    named = {key: value.replace("PORT", str(page.port)) for key, value in headers.items()}
    assert ask(page, "/actions/offer", "POST", **named)[0] == 403 and pressed == []


@pytest.mark.parametrize("path", ["/", "/state", "/events"])
def test_no_other_name_reads_anything(page: Page, path: str) -> None:
    assert ask(page, path, Host=f"evil.example:{page.port}")[0] == 403


@pytest.mark.parametrize(
    "path, more, status",
    [
        ("/actions/nothing", {}, 404),
        ("/actions/offer", {"Content-Length": "9999"}, 413),
        ("/actions/offer", {"Content-Length": "-1"}, 413),
    ],
)
def test_nonsense_presses_nothing(
    page: Page, pressed: list[str], path: str, more: dict[str, str], status: int
) -> None:
    assert ask(page, path, "POST", Origin=page.url, **more)[0] == status and pressed == []


# -- the stream -----------------------------------------------------------------------------


def test_a_stream_begins_with_everything_and_follows_the_pulses(
    scene: Scene, stream: Callable[[], Stream]
) -> None:
    one = stream()
    assert one.answer.headers["Content-Type"] == "text/event-stream"
    first = dict([one.event(), one.event()])
    assert set(first) == {"state", "beam"} and first["state"]["feed"]["state"] == "STARTING"
    scene.watch_pulse(1300.0)
    kind, beam = one.event()
    assert (kind, beam["angle"], beam["pulse_us"]) == ("beam", -5.0, 1300.0)
    scene.watch_pulse(0.0)
    beam = one.event()[1]
    assert (beam["angle"], beam["pulse_us"], beam["last_us"]) == (-5.0, 0.0, 1300.0)


def test_pulses_in_between_are_left_out_and_the_last_arrives(
    scene: Scene, stream: Callable[[], Stream]
) -> None:
    one = stream()
    one.event(), one.event()
    for us in range(1200, 1400):
        scene.watch_pulse(float(us))
    seen = [one.event()[1]]
    while seen[-1]["pulse_us"] != 1399:
        seen.append(one.event()[1])
    assert len(seen) < 20


def test_a_state_is_told_once(view: View, scene: Scene, stream: Callable[[], Stream]) -> None:
    one = stream()
    one.event(), one.event()
    view.hear(Quote(1.0, "LIVE", "sp500", 7654.321, -1.5, -8.0, False, 1180, "ota_0", "0.1.0", ""))
    kind, state = one.event()
    assert (kind, state["price"], state["change_percent"]) == ("state", "7,654.32", -1.5)
    assert state["running"]["trust"] == ""
    scene.watch_pulse(1500.0)
    assert one.event()[0] == "beam"


@pytest.mark.parametrize(
    ("root", "words"),
    [("development", "Trusts the development key: anybody may update it."),
     ("maker", "Trusts its maker alone."), ("", ""), ("later", "")],
)  # fmt: skip
def test_whom_the_seesaw_trusts_is_said(view: View, root: str, words: str) -> None:
    view.hear(Event(0.0, "boot", "ota_0", "0.1.0", "power-on"))
    line = ("seesaw state=LIVE instrument=sp500 price=- change=- angle=+0.00 level=yes pulse=1500"
            f" slot=ota_0 version=0.1.0{' root=' * bool(root)}{root} why=")  # fmt: skip
    view.hear(parse(line, 1.0))
    assert view.state()["running"]["trust"] == words


def test_streams_are_bounded_and_given_back(
    view: View, page: Page, scene: Scene, stream: Callable[[], Stream]
) -> None:
    streams = [stream() for _ in range(STREAMS_MAX)]
    for one in streams:
        one.event(), one.event()
    assert ask(page, "/events")[0] == 503
    assert ask(page, "/state")[0] == 200
    gone = streams.pop()
    gone.connection.sock = None
    gone.close()
    others = streams[0]
    answers = []
    for us in range(1100, 1900):  # the server notices when it writes
        scene.watch_pulse(float(us))
        others.event()
        again = stream()
        answers.append(again.answer.status)
        if answers[-1] == 200:
            break
    assert answers[-1] == 200


def test_connections_are_bounded(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "CONNECTIONS_MAX", 2)
    with Page(view, {}, 0) as page:
        idle = [socket.create_connection(("127.0.0.1", page.port), SECONDS) for _ in range(2)]
        with pytest.raises(OSError):
            ask(page, "/state")
        for one in idle:
            one.close()


def test_closing_ends_streams_and_threads(view: View) -> None:
    before = set(threading.enumerate())
    with Page(view, {}, 0) as page:
        one = Stream(page)
        one.event(), one.event()
        silent = socket.create_connection(("127.0.0.1", page.port), SECONDS)
    assert one.answer.read() == b""
    one.close()
    silent.close()
    assert set(threading.enumerate()) <= before


def test_a_taken_port_gives_the_next_free_one(view: View, page: Page) -> None:
    with Page(view, {}, page.port) as other:
        assert page.port < other.port <= page.port + page_module.PORT_TRIES
        assert ask(other, "/state")[0] == 200


# -- the command ----------------------------------------------------------------------------


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[int, str]]:
    """What pages of `seesaw run` answer on /state as they open."""
    found: list[tuple[int, str]] = []

    class Asked(Page):
        def __enter__(self) -> Page:
            found.append(ask(self, "/state"))
            return super().__enter__()

    monkeypatch.setattr(run, "Page", Asked)
    monkeypatch.chdir(tmp_path)
    return found


def test_seesaw_run_serves_the_page_and_says_where(
    answers: list[tuple[int, str]], page: Page, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", "--for", "0.2", "--port", str(page.port)]) == 0
    out = capsys.readouterr().out
    assert re.search(rf"Look at it: http://127.0.0.1:\d+ \(port {page.port} is taken\)\n", out)
    assert re.search(r"Its own page, as its owner has it: http://127.0.0.1:\d+\n", out)
    assert answers[0][0] == 200
    wanted = ["offer", "offer-crashing", *(f"fault-{fault.name}" for fault in FAULTS), "speed-1"]
    assert json.loads(answers[0][1])["actions"] == wanted


def test_json_stays_json(
    answers: list[tuple[int, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", "--for", "0.2", "--port", "0", "--json"]) == 0
    captured = capsys.readouterr()
    assert all(json.loads(line) for line in captured.out.splitlines())
    assert "Look at it: http://127.0.0.1:" in captured.err and "taken" not in captured.err
    assert len(answers) == 1


@pytest.mark.parametrize("option", ["--no-page", "--headless"])
def test_who_wants_no_page_gets_none(
    option: str, answers: list[tuple[int, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["run", "--for", "0.2", option])
    assert answers == [] and "http" not in capsys.readouterr().out


# -- words ----------------------------------------------------------------------------------


def test_a_rollback_is_told(view: View) -> None:
    for event in (
        Event(0.0, "boot", "ota_0", "1.0.0", "power-on"),
        Event(5.0, "boot", "ota_1", "1.0.1", "reset"),
        Event(5.0, "trial", "ota_1", "1.0.1", ""),
        Event(8.0, "reset", words="machine.reset()"),
        Event(8.1, "boot", "ota_0", "1.0.0", "reset"),
        Event(8.2, "settled", "ota_0", "1.0.0", "rejected 1.0.1: RuntimeError: oh"),
    ):
        view.hear(event)
    told = [(line["seq"], line["kind"], line["text"]) for line in view.state()["log"]]
    assert told[-3:] == [
        (4, "boot", "Restart: 1.0.0 starts from slot A."),
        (5, "bad", "Rollback: 1.0.1 did not pass, 1.0.0 runs again from slot A."),
        (6, "bad", "Rejected 1.0.1: RuntimeError: oh."),
    ]


def test_a_restart_during_a_trial_is_no_rollback(view: View) -> None:
    view.hear(Event(5.0, "boot", "ota_1", "1.0.1", "reset"))
    view.hear(Event(5.0, "trial", "ota_1", "1.0.1", ""))
    view.hear(Event(9.0, "confirmed", "ota_1", "1.0.1", ""))
    view.hear(Event(20.0, "boot", "ota_0", "1.0.0", "reset"))
    assert not [line for line in view.state()["log"] if line["text"].startswith("Rollback")]


def test_an_update_and_a_crash_loop_are_said(view: View) -> None:
    line = ("seesaw state=LIVE instrument=sp500 price=- change=- angle=+0.00 level=yes pulse=1500"
            " slot=ota_0 version=0.1.0 root=maker sign=%s why=")  # fmt: skip

    def said() -> dict[str, str]:
        return view.state()["feed"]

    view.hear(Event(0.0, "boot", "ota_0", "0.1.0", "power-on"))
    view.hear(parse("seesaw state=UPDATING slot=ota_0 version=0.1.0 words=look", 1.0))
    view.hear(Event(1.5, "nothing", "ota_0", "0.1.0", "up to date"))
    assert said() == {"state": "UPDATING", "words": words.STATES["UPDATING"]}
    view.hear(parse(line % "SAFE", 2.0))
    told = words.STATES["SAFE"] + " " + words.STATES["LIVE"]
    assert said() == {"state": "LIVE", "words": told}
    assert view.state()["log"][-1]["text"] == told
    view.hear(parse(line % "-", 3.0))
    assert said() == {"state": "LIVE", "words": words.STATES["LIVE"]}
    view.hear(parse("seesaw state=UPDATING slot=ota_0 version=0.1.0 words=look", 4.0))
    view.hear(Event(5.0, "boot", "ota_1", "0.2.0", "reset"))
    assert said()["state"] != "UPDATING"


def test_the_page_can_be_packed() -> None:
    wanted = {name for name, _ in FILES.values()} | {"seesaw.svg"}
    assert wanted <= {path.name for path in FOLDER.iterdir()}
