"""The founding week, played to its end: one step after the other, each of which must come out as
it says. On virtual time, with emulated seesaws, on the files and commands of a real outage.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from host_tools.drill import words
from host_tools.drill.desk import Desk, Unexpected
from host_tools.drill.fleet import APP, BOARD, MOVED, Fleet, Street
from host_tools.incident import rules
from host_tools.market.instruments import find
from host_tools.market.outage import AUTHORITY, set_of_feeds
from host_tools.market.providers import ALL
from host_tools.prove.matrix import DEAF
from host_tools.release.query import parse

START_S = 1_795_531_200  # 2026-11-24, a Tuesday, 14:40 UTC: ten minutes after New York's open
INDEX = "sp500"
INSTRUMENTS = (INDEX, INDEX, INDEX, INDEX, "btc", "ftse100")
OWN = (1, 5)  # units that are the maker's own: the first ring
SHIPPED, BAD, FIX = "1.0.0", "1.0.1", "1.0.2"
MINUTE, HOUR = 60, 3600
SEEN_S, CURED_S, TAKEN_S = 15 * MINUTE, 15 * MINUTE, 2 * HOUR  # the longest that is waited
STOPPED_S = 40 * HOUR


@dataclass(frozen=True)
class Entry:
    """A line of the timeline. at_s: seconds since 1970."""

    at_s: int
    what: str
    words: str

    @property
    def moment(self) -> str:
        return datetime.fromtimestamp(self.at_s, UTC).strftime("%a %H:%M")


@dataclass
class Story:
    """obeyed, forced: devices that ever ran the bad fix, where prove was heeded and where not."""

    desk: Desk
    fleet: Fleet
    timeline: list[Entry] = field(default_factory=list)
    obeyed: int = -1
    forced: int = -1
    broke_s: int = 0
    incident: Path = Path()

    def tell(self, what: str, said: str) -> None:
        self.timeline.append(Entry(self.desk.now_s, what, said))

    def wait(self, what: str, found: Callable[[], bool], most_s: int, step_s: int = MINUTE) -> None:
        """Let time pass until it is so. Unexpected when it is not in time."""
        end_s = self.fleet.now_s + most_s
        while not found():
            if self.fleet.now_s >= end_s:
                raise Unexpected(f"{what}: not within {most_s} s: {self.fleet.facts()}")
            self.fleet.go_on(step_s)
            self.desk.now_s = self.fleet.now_s
        self.desk.now_s = self.fleet.now_s + 1

    def minutes(self) -> str:
        return f"{(self.desk.now_s - self.broke_s) // MINUTE} min after the break"

    def affected(self) -> int:
        return sum(BAD in one.versions for one in self.fleet.units)


def begin(folder: Path, main: Callable[[list[str]], int]) -> Story:
    """The desk has its keys, its repository and a first release; the seesaws were sold with it.
    main: runs a command line."""
    desk = Desk(folder, START_S - 7 * 86_400, main)
    desk.type("release", "init", desk.repo, "--keys", desk.keys, "--board", BOARD.name,
              "--now", desk.now_s)  # fmt: skip
    made, path = desk.built(SHIPPED, desk.tree(SHIPPED), BOARD, APP)
    desk.release("sign", path, "--without-proof", words.DRILL)
    roots = folder / "roots.pem"
    roots.write_bytes(AUTHORITY.roots())
    desk.release("data", "roots", roots)
    desk.site.mkdir()
    desk.publish()
    desk.now_s = START_S
    return Story(desk, Fleet(Street(START_S, desk.site, desk.log), INSTRUMENTS, made))


def play(story: Story, told: Callable[[int], None]) -> None:
    """All steps. told: how many are done. Unexpected for one that goes wrong."""
    with story.fleet:
        for number, step in enumerate(STEPS, 1):
            step(story)
            told(number)


# -- the outage ---------------------------------------------------------------------------------


def morning(story: Story) -> None:
    fleet = story.fleet
    story.wait("a look of each", lambda: len(_shown(story)) == len(fleet.units), HOUR)
    _must(all(one.state == "LIVE" for one in fleet.units), "all are LIVE", fleet.facts())
    story.tell("All is well", f"{len(fleet.units)} seesaws LIVE")


def breaks(story: Story) -> None:
    desk = story.desk
    story.fleet.street.dark.add(INDEX)
    story.broke_s = story.fleet.now_s
    mine = [one for one in story.fleet.units if one.instrument == INDEX]
    story.tell("The provider breaks", f"{INDEX} answers with a web page, at every address known")
    story.wait("the report shows it", lambda: _dark(story) == {INDEX: len(mine)}, SEEN_S)
    found = desk.report("--instrument", INDEX)["outage"]
    story.tell("The fleet's report shows it", f"{INDEX}: {found['still']} in the dark;"
               f" {found['elsewhere']} others are not affected; {story.minutes()}")  # fmt: skip


def tells(story: Story) -> None:
    desk = story.desk
    desk.incidents.mkdir()
    (desk.incidents / "site.json").write_text(json.dumps(words.SITE))
    began = datetime.fromtimestamp(story.broke_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    out = desk.incident(
        "new", words.TITLE, "--severity", "disrupted", "--affected", "Price data", "--affected",
        "CNBC", "--answers", words.PERSON, "--address", words.ADDRESS, "--next", "+4h",
        "--began", began, "--in", desk.incidents,
    )  # fmt: skip
    story.incident = Path(out.splitlines()[0])
    text = words.filled(story.incident.read_text(), words.ACCOUNT, rules.BLANK)
    story.incident.write_text(
        words.filled(text, {"Updates": words.INVESTIGATING}, rules.BLANK)
    )
    _letters(story)
    desk.incident("lint", "--in", desk.incidents)
    desk.incident("build", desk.status, "--in", desk.incidents)
    _must((desk.status / "index.html").exists(), "the page is up", desk.status)
    story.tell("The incident's page is up", f"and the day's letters written; {story.minutes()}")


def ring(story: Story) -> None:
    desk, units = story.desk, story.fleet.units
    path = desk.folder / "feeds.json"
    path.write_text(set_of_feeds(find(INDEX)))
    own = [units[number - 1] for number in OWN]
    early = [word for one in own for word in ("--early", one.id.hex())]
    desk.release("data", "feeds", path, *early)
    desk.publish()
    _update(story, words.RING)
    first = next(one for one in own if one.instrument == INDEX)
    story.wait("the ring follows again", lambda: first.state == "LIVE", CURED_S)
    rest = [one for one in units if one.instrument == INDEX and one is not first]
    _must(not any(one.state == "LIVE" for one in rest), "the ring alone", story.fleet.facts())
    story.tell("The recipe is signed for our own", f"{first.name} is LIVE; {story.minutes()}")


def everybody(story: Story) -> None:
    desk = story.desk
    desk.release("data", "feeds", desk.folder / "feeds.json")
    desk.publish()
    _update(story, words.EVERYBODY, "identified")
    live = lambda: all(one.state in ("LIVE", "CLOSED") for one in story.fleet.units)  # noqa: E731
    story.wait("all follow again", live, CURED_S)
    story.tell("The recipe is signed for all", f"all follow their markets; {story.minutes()}")
    story.wait("the report says so", lambda: not _dark(story), 2 * HOUR, 5 * MINUTE)
    story.tell("The fleet's report says so", f"nobody is in the dark; {story.minutes()}")


# -- the firmware fix ---------------------------------------------------------------------------


def refused(story: Story) -> None:
    desk = story.desk
    path = _built(story, BAD, DEAF)  # confirmed, it can never look for a release again
    found = desk.prove(path, "next", expect=1)
    desk.release("sign", path, "--evidence", desk.proofs / BAD / "evidence.json", expect=2)
    story.obeyed = story.affected()
    _must(story.obeyed == 0, "nobody has the bad fix", story.fleet.facts())
    why = found["causes"][0]["verdict"]
    story.tell(f"prove refuses the fix, {BAD}", f"{why}; sign refuses it too; obeyed, it reaches"
               f" {story.obeyed} devices")  # fmt: skip


def forced(story: Story) -> None:
    desk, fleet = story.desk, story.fleet
    path = desk.folder / "releases" / f"{BAD}.zip"
    desk.release("sign", path, "--without-proof", words.FORCED, "--start-percentage", 0)
    desk.rollout("start", BAD, "--plan", _plan(story, BAD), "--force")
    story.tell("Forced past it", f"{BAD} goes to our own units, ring 1 of 3")
    story.wait("a unit says that it left it", lambda: f"&f={BAD}," in desk.log.read_text(),
               STOPPED_S, 30 * MINUTE)  # fmt: skip
    said = desk.rollout("watch", BAD, desk.log, expect=1)
    story.forced = story.affected()
    _must("is paused" in said and story.forced <= len(OWN), "paused in the ring", fleet.facts())
    desk.rollout("halt", BAD, "--why", "it cannot update again")
    rule = next(line for line in said.splitlines() if line.startswith("abort rule"))
    story.tell("The rollout stops by itself", f"{rule}; it ever reached {story.forced} of"
               f" {len(fleet.units)} devices, and halted by a person")  # fmt: skip


def fixed(story: Story) -> None:
    desk, units = story.desk, story.fleet.units
    path = _built(story, FIX)
    shown = desk.prove(path, "update", expect=0)
    desk.release("sign", path, "--without-proof", words.PART, "--start-percentage", 0)
    desk.rollout("start", FIX, "--plan", _plan(story, FIX), "--force")
    own = [units[number - 1] for number in OWN]
    story.wait("the ring runs the fix", lambda: all(_runs(one, FIX) for one in own),
               STOPPED_S, 10 * MINUTE)  # fmt: skip
    rest = [one.number for one in units if one not in own and FIX in one.versions]
    _must(not rest, "the ring alone", rest)
    states = shown["figures"]["settled"]
    story.tell(f"The fix, {FIX}, is proven", f"it came back from {states:,} cuts of its update; it"
               " runs on our own units")  # fmt: skip
    for _ in range(2):
        desk.rollout("watch", FIX, desk.log)
        desk.rollout("widen", FIX, "--force")
    story.wait("all run the fix", lambda: all(_runs(one, FIX) for one in units),
               STOPPED_S, 30 * MINUTE)  # fmt: skip
    story.tell("Everybody runs the fix", f"{len(units)} of {len(units)}")


# -- after it -----------------------------------------------------------------------------------


def recovered(story: Story) -> None:
    desk = story.desk
    story.wait("each has said so", lambda: desk.report()["versions"] == {FIX: len(INSTRUMENTS)},
               2 * 86_400, HOUR)  # fmt: skip
    _must(not _dark(story), "nobody is dark", desk.report()["markets"])
    desk.incident("resolve", story.incident, words.RESOLVED)
    desk.incident("build", desk.status, "--in", desk.incidents)
    story.tell("It is over", f"the fleet's report: {len(INSTRUMENTS)} run {FIX}, none is dark")


def looked_back(story: Story) -> None:
    desk = story.desk
    evidence = [word for name in (BAD, FIX)
                for word in ("--evidence", desk.proofs / name / "evidence.json")]  # fmt: skip
    desk.incident("postmortem", story.incident, "--logs", desk.log, "--release", BAD, "--fix", FIX,
                  "--instrument", INDEX,
                  "--repository", desk.repo, *evidence)  # fmt: skip
    path = desk.incidents / "postmortems" / story.incident.name
    path.write_text(words.filled(path.read_text(), words.AFTER, rules.BLANK))
    desk.incident("lint", "--in", desk.incidents)
    desk.incident("build", desk.status, "--in", desk.incidents)
    pages = sorted(one.relative_to(desk.status).as_posix() for one in desk.status.rglob("*.html"))
    _must(any("postmortem" in one for one in pages), "it is on the site", pages)
    story.tell("The post-mortem is written", f"and on the status site: {len(pages)} pages")


STEPS: tuple[Callable[[Story], None], ...] = (
    morning, breaks, tells, ring, everybody, refused, forced, fixed, recovered, looked_back,
)  # fmt: skip


# -- parts of steps -----------------------------------------------------------------------------


def _must(right: bool, what: str, found: object) -> None:
    if not right:
        raise Unexpected(f"{what}: it is not so: {found}")


def _shown(story: Story) -> set[str]:
    """Pseudonyms that have said in the log what they show."""
    lines = story.desk.log.read_text().splitlines() if story.desk.log.exists() else ()
    said = (parse(line.partition("timestamp.json?")[2].partition(" ")[0]) for line in lines)
    return {one.pseudonym for one in said if one and one.market}


def _dark(story: Story) -> dict[str, int]:
    """Devices in the dark by instrument, as the fleet's report has it."""
    rows: list[dict[str, Any]] = story.desk.report()["markets"]
    return {row["instrument"]: row["dark"] for row in rows if row["dark"]}


def _runs(unit: Any, version: str) -> bool:
    return unit.version == version and bool(unit.last(f"event=confirmed slot={unit.slot}"))


def _built(story: Story, version: str, added: str = "") -> Path:
    """The firmware with the provider's new address."""
    old = ALL["cnbc"].HOST
    tree = story.desk.tree(version, (("data/feeds.json", old, MOVED),), added)
    made, path = story.desk.built(version, tree, BOARD, APP)
    story.fleet.know(made)
    return path


def _plan(story: Story, version: str) -> Path:
    own = [story.fleet.units[number - 1].id.hex() for number in OWN]
    path = story.desk.folder / f"plan-{version}.json"
    path.write_text(json.dumps({
        "format": 1,
        "rings": [
            {"name": "own units", "devices": own, "abort": {"abort_min": 1}},
            {"name": "half", "start_percentage": 50},
            {"name": "everyone", "start_percentage": 100},
        ],
        "abort": {"abort_percent": 10, "abort_min": 2, "silent_percent": 50, "silent_hours": 72},
    }, indent=1))  # fmt: skip
    return path


def _update(story: Story, said: str, status: str = "investigating") -> None:
    desk = story.desk
    desk.incident("update", story.incident, said, "--status", status, "--next", "+4h")
    desk.incident("build", desk.status, "--in", desk.incidents)


def _letters(story: Story) -> None:
    """One for those affected, and a short one for all others. Nothing is sent."""
    desk, units = story.desk, story.fleet.units
    owners, affected = desk.folder / "owners.csv", desk.folder / "affected.txt"
    rows = [f"Owner of unit {one.number},owner{one.number}@seesaw.example,{one.id.hex()}"
            for one in units]  # fmt: skip
    owners.write_text("\n".join(["name,address,device", *rows]) + "\n")
    affected.write_text("".join(f"{one.id.hex()}\n" for one in units if one.instrument == INDEX))
    desk.incident("letter", story.incident, owners, "--affected", affected, "--out", desk.letters)
