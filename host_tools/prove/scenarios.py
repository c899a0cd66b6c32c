"""The scenarios of the proof, as plain data. Each joins by a row; the harness does not change.

A scenario makes a run of a device in a world; every flash operation of the phases it names is cut
in every way, and each torn state must come back in a good world (explore.py). A scenario that
does not come to its phases has shown nothing, and says so. Here are the phases of a device's life;
hostile.py has the worlds.

Waiting: cuts of a migration of the settings, for want of this feature.
"""

from dataclasses import replace

from host_tools.prove.hostile import HOSTILE
from host_tools.prove.oom import OUT_OF_MEMORY
from host_tools.prove.scenario import DAY, HOUR, NO_CUTS, Conditions, Scenario, offering

# The market is open at that hour of these days, too; the second is past 2038.
YEAR_S, FIFTEEN_YEARS_S = 52 * 7 * DAY, 783 * 7 * DAY
INSTALL = ("install", "set_boot", "record")
WHOLE = (*INSTALL, "boot", "confirm")

FIRST_BOOT = Scenario(
    "first-boot", "a new device is switched on for the first time",
    until="healthy", phases=("boot",), start="candidate",
)  # fmt: skip
UPDATE = Scenario(
    "update", "the candidate is installed over the release before it, tried and confirmed",
    offering("candidate"), until="updated", phases=WHOLE,
)  # fmt: skip
NEXT = Scenario(
    "next", "the candidate installs the release after it: its own updater is at work",
    offering("fix"), start="candidate", until="updated", phases=WHOLE,
)  # fmt: skip
CORE = (FIRST_BOOT, UPDATE, NEXT)

# -- power: the other phases of a device's life ------------------------------------------------

SETTINGS = Scenario(
    "settings", "the owner changes the settings", Conditions(owner="sets-at-boot"),
    start="candidate", until="healthy", phases=("settings",), cuts=("settings",),
)  # fmt: skip
FACTORY_RESET = Scenario(
    "factory-reset", "a factory reset at the console; then the owner sets it up again",
    Conditions(owner="forgets"), start="candidate", until="set-up", phases=("record",),
    cuts=("record",),
)  # fmt: skip
ROLLBACK = Scenario(
    "rollback", "a release that crashes is tried, given up and remembered",
    offering("0.2.1-app"), start="candidate", until="rejected",
    phases=(*INSTALL, "boot"), cuts=("boot",),
)  # fmt: skip
REJECT = replace(
    ROLLBACK, name="reject", why="what is noted of a trial and its end is cut off",
    cuts=("record", "set_boot"), budget="full",
)  # fmt: skip
FALL_BACK = Scenario(
    "fall-back", "the candidate's bundle rots, and the launcher goes back to the release before",
    offering("", rot="ota_1:bundle"), before=(UPDATE,),
    until="confirmed", phases=("launcher", "boot", "confirm"), cuts=("launcher", "boot"),
)  # fmt: skip
HEAL = Scenario(
    "heal", "the candidate's runtime rots, and the release before heals the boot record",
    offering("", rot="ota_1:runtime"), before=(UPDATE,),
    until="confirmed", phases=("heal", "boot", "confirm"), cuts=("heal", "boot"),
)  # fmt: skip
RUNTIME = Scenario(
    "runtime", "a release on another runtime: all of it comes over the network",
    offering("0.2.1-runtime"), start="candidate", until="updated", phases=WHOLE, budget="full",
)  # fmt: skip
POWER = (SETTINGS, FACTORY_RESET, ROLLBACK, REJECT, FALL_BACK, HEAL, RUNTIME)


def _elsewhere(one: Scenario, name: str, why: str, cuts: tuple[str, ...],
               **hardware: str | int | bool) -> Scenario:  # fmt: skip
    return replace(one.on(**hardware), name=f"{one.name}-{name}", why=f"{one.why}; {why}",
                   cuts=cuts, phases=(), budget="full")  # fmt: skip


DECIDING = ("set_boot", "boot", "confirm", "heal", "launcher")  # writes of the boot record
OTHER_ENTRY = "set_boot() on the active slot takes the other entry"
# The same lives on boards that do it another way: ESP-IDF releases and options differ.
ELSEWHERE = (
    _elsewhere(UPDATE, "no-rollback", "its bootloader knows no trials", DECIDING, rollback=False),
    _elsewhere(UPDATE, "slow", "its flash is worn", DECIDING, flash_slow=9),
    _elsewhere(HEAL, "other-entry", OTHER_ENTRY, DECIDING, same_slot="rewrite_other"),
    _elsewhere(FALL_BACK, "other-entry", OTHER_ENTRY, DECIDING, same_slot="rewrite_other"),
    _elsewhere(SETTINGS, "nvs-chunk", "ESP-IDF loses a chunk of a blob at start", ("settings",),
               nvs_loses_chunk=True),
)  # fmt: skip

# Lives that no other scenario has, and without which faults planted by rule were not seen.
MORE: tuple[Scenario, ...] = (
    replace(FALL_BACK, name="fall-back-after-reject", start="candidate", before=(ROLLBACK, NEXT),
            budget="full", why="the bundle rots of a device that has rejected a release before"),
    replace(FALL_BACK, name="refetch", world=offering("candidate", rot="ota_1:bundle"),
            until="updated", phases=("launcher", "install", "confirm"), cuts=NO_CUTS,
            why="the bundle rots, and the same release comes again: it was damaged, not bad"),
    Scenario("bad-trailer", "the other slot's last sector takes no change for a while",
             offering("fix", tired_sectors="ota_1:431"), start="candidate", until="hindered",
             cuts=NO_CUTS),
    replace(HEAL, name="heal-by-candidate", start="candidate", before=(NEXT,), budget="full",
            why="the runtime of the release after it rots, and the candidate heals the record"),
    replace(UPDATE, name="trial-no-range", world=offering("candidate", server="no-range"),
            cuts=NO_CUTS, why="the candidate's own trial, with a server that knows no ranges"),
    replace(ROLLBACK, name="rejected-again", until="says:(6.1, 2)", seconds=2 * HOUR, cuts=NO_CUTS,
            why="what was rejected stays on offer, and is tried again ever more rarely"),
    Scenario("hindered-for-good", "what does not come whole stays on offer: it tries less and less",
             offering("fix", server="bundle-too-short"), start="candidate", cuts=NO_CUTS),
    replace(NEXT, name="after-another", before=(Scenario(
                "unproven", "a release that breaks Wi-Fi is tried again and again",
                offering("0.2.1-wifi"), start="candidate", seconds=4 * HOUR),),
            seconds=120, cuts=NO_CUTS, budget="full",
            why="what one release is held back for does not hold back the next"),
    replace(NEXT, name="at-once", seconds=60, cuts=NO_CUTS,
            why="the candidate's install works the first time"),
)  # fmt: skip
MORE += (
    replace(UPDATE, name="recall", world=offering("candidate", server="recalled"),
            before=(UPDATE,), until="says:event=confirmed slot=ota_0",
            phases=("heal", "boot", "confirm"), cuts=("heal",),
            why="the maker recalls the candidate: the release before it runs, without a download"),
    replace(UPDATE, name="recall-onward", world=offering("candidate", server="recalled"),
            before=(UPDATE,), until="says:event=confirmed slot=ota_0", phases=("boot", "confirm"),
            cuts=("boot", "confirm"), budget="full",
            why="the release before a recalled one is on its way to be confirmed again"),
    Scenario("recall-alone", "the candidate is recalled, and nothing else is there to run",
             offering("candidate", server="recalled"), start="candidate",
             until="says:event=nothing slot=ota_0", seconds=120, cuts=NO_CUTS),
    replace(UPDATE, name="recall-both", world=offering("candidate", server="recalled-both"),
            before=(UPDATE,), until="says:event=nothing slot=ota_1", seconds=120, phases=(),
            cuts=NO_CUTS, why="the release before a recalled one is recalled too: it stays"),
    replace(NEXT, name="halted", world=offering("fix", server="halted"),
            until="says:is halted or recalled", phases=(), cuts=NO_CUTS,
            why="a release that is halted is not begun"),
    replace(NEXT, name="not-yet", world=offering("fix", server="not-yet"),
            until="says:is not for this device yet", phases=(), cuts=NO_CUTS,
            why="a rollout that has not begun"),
    Scenario("run-ahead", "who stole the keys numbers the metadata beyond all that will come",
             offering("candidate", server="run-ahead"), start="candidate",
             until="says:event=nothing slot=ota_0", seconds=120, cuts=NO_CUTS),
    replace(NEXT, name="not-from-here", world=offering("fix", server="not-from-here"),
            until="says:is not for this version", phases=(), cuts=NO_CUTS,
            why="a release that may not be installed from here"),
    replace(UPDATE, name="trial-prices-end", why="prices end as the candidate's trial begins",
            world=offering("candidate", server="prices-end"), seconds=2 * HOUR, cuts=NO_CUTS),
    replace(UPDATE, name="trial-updates-end", seconds=2 * HOUR, cuts=NO_CUTS,
            world=offering("candidate", server="updates-end"),
            why="the update server is gone as the candidate's trial begins, and prices go on"),
    replace(UPDATE, name="trial-lost-names", why="no name is known as the candidate's trial begins",
            world=offering("candidate", network="lost-names"), cuts=NO_CUTS),
    replace(UPDATE, name="entry-rots", world=offering("candidate", entry_rots="1"),
            until="overcome", cuts=NO_CUTS,
            why="the boot record of the candidate's trial rots before it is confirmed"),
    replace(NEXT, name="invalid-entry", why="another firmware marked an entry INVALID",
            world=offering("fix", entry="1:2:INVALID"), seconds=120, cuts=NO_CUTS),
)  # fmt: skip

# What a device remembers of a repository.
MORE += (
    replace(NEXT, name="stale-after", world=offering("old"), before=(UPDATE,), start="old",
            until="says:Rollback", phases=(), cuts=NO_CUTS,
            why="what was on offer before comes again, older than what the device has seen"),
    Scenario("steady", "nothing is new: one small request a look, and nothing is written",
             offering("candidate"), start="candidate", seconds=900, phases=("data",),
             cuts=("data",)),
)  # fmt: skip

# Sets of data: tried, kept or given up, and whatever happens prices come.
DATA = Scenario(
    "data", "a set of data arrives, is tried and kept", offering("candidate", server="data"),
    start="candidate", until="says:priced, now good:", seconds=900, phases=("data", "record"),
    cuts=("data", "record"),
)  # fmt: skip
SILENT = replace(
    DATA, name="data-silent", why="no price comes with a set: the one before is used again",
    world=offering("candidate", server="data-silent"), before=(DATA,),
    until="says:given up: ", seconds=HOUR, cuts=NO_CUTS,
)  # fmt: skip
RENAMED = replace(
    DATA, name="renamed", why="a provider has changed, and data alone is the cure",
    world=offering("candidate", server="renamed"), cuts=NO_CUTS,
)  # fmt: skip
CALENDAR = replace(
    DATA, name="calendar", why="a calendar arrives, is tried and kept",
    world=offering("candidate", server="calendar"), until="says:words=calendars good:",
)  # fmt: skip
DATA_TARGETS = (
    DATA, SILENT, RENAMED,
    replace(SILENT, name="data-silent-cut", why="the same; what is noted of it is cut off",
            cuts=("record",), budget="full"),
    replace(DATA, name="data-rubbish", why="a set that is signed and cannot be: it is not used",
            world=offering("candidate", server="data-rubbish"), until="says:refused: ",
            cuts=NO_CUTS),
    CALENDAR,
    replace(CALENDAR, name="calendar-rubbish", until="says: refused: ", phases=(), cuts=NO_CUTS,
            why="a calendar that is signed and cannot be: the one that ships is used",
            world=offering("candidate", server="calendar-rubbish")),
    replace(RENAMED, name="renamed-unplugged", why="likewise, and the plug is pulled in its trials",
            world=offering("candidate", server="renamed", owner="unplugs-data")),
)  # fmt: skip

# Updates by TLS, on which no trust rests, and file systems that another driver has written.
OVER_TLS = replace(
    UPDATE, name="over-tls", world=offering("candidate", owner="over-tls"), phases=(), cuts=NO_CUTS,
    why="updates come by TLS",
)  # fmt: skip
A_YEAR_ON = replace(
    OVER_TLS, name="a-year-on", before=(OVER_TLS,), world=Conditions("fix", wall_s=YEAR_S),
    budget="full", why="a year later the server's certificate is of a root that nobody here knows",
)  # fmt: skip
ONE_AT_ONCE = replace(
    NEXT, name="one-at-once", phases=(), cuts=NO_CUTS, budget="full",
    world=offering("fix", owner="over-tls", tls_at_once=1),
    why="updates come by TLS, and there is memory for one connection",
)  # fmt: skip
DATA_NEWER = replace(
    NEXT, name="data-newer", phases=(), cuts=NO_CUTS, world=offering("fix", data="newer"),
    budget="full", why="a driver that ours does not know has written the data partition",
)  # fmt: skip
DATA_EARLIER = replace(
    DATA_NEWER, name="data-earlier", world=offering("fix", data="earlier"),
    why="the data partition shows the files of the first day again",
)  # fmt: skip
FOUND_AGAIN = replace(
    NEXT, name="found-again", phases=(), cuts=NO_CUTS, before=(FIRST_BOOT,),
    world=Conditions("fix", wall_s=FIFTEEN_YEARS_S),
    why="it lay in a drawer for 15 years, and all that it knows of the maker is old",
)  # fmt: skip
GENERATIONS = tuple(
    Scenario("to-" + version, "the candidate's code follows on itself", offering(version),
             start="candidate", seconds=120)
    for version in ("0.2.2", "0.2.3", "0.2.4", "0.2.5")
)  # fmt: skip
MANY = replace(
    NEXT, name="many-updates", phases=(), cuts=NO_CUTS, before=GENERATIONS, budget="full",
    why="it has updated itself again and again",
)  # fmt: skip
LONG_NAMES = replace(
    NEXT, name="long-names", phases=(), seconds=300, cuts=NO_CUTS,
    world=offering("fix", owner="long-names"),
    why="its Wi-Fi has a name that is long and no ASCII",
)  # fmt: skip
ANOTHERS = (MANY, LONG_NAMES, FOUND_AGAIN, A_YEAR_ON, ONE_AT_ONCE, DATA_NEWER, DATA_EARLIER)

# Life between two updates.
IDLE = Scenario(
    "idle", "nothing is on offer: it follows the market and leaves its flash alone",
    start="candidate", seconds=HOUR, cuts=NO_CUTS,
)  # fmt: skip
NO_PRICES = Scenario(
    "no-prices", "for an hour nobody has prices: it asks, and not without end",
    offering("", server="prices-gone", owner="patient"), start="candidate", seconds=HOUR,
    cuts=NO_CUTS, budget="full",
)  # fmt: skip
NO_UPDATES = replace(
    NO_PRICES, name="no-updates", world=offering("candidate", server="gone"),
    why="for an hour the update server has nothing: it asks, and not without end",
)  # fmt: skip
DAYS = Scenario(
    "days", "days at the pace of real life, and only then a release",
    offering("fix", server="later", owner="patient"), start="candidate", until="updated",
    seconds=4 * DAY, cuts=NO_CUTS,
)  # fmt: skip

NEVER_LOOKS = Scenario(
    "never-looks", "a release that runs and never looks for another; the launcher's deadline does",
    offering("0.2.1-late.idle", owner="patient"), start="candidate", until="updated", seconds=DAY,
    cuts=NO_CUTS, recovery_s=2 * DAY, budget="full",
)  # fmt: skip
WEEK = Scenario(
    "a-week", "a week in which nothing is new, with the release before still in the other slot",
    offering("candidate", owner="patient"), before=(UPDATE,), seconds=7 * DAY, cuts=NO_CUTS,
    budget="full",
)  # fmt: skip

TURNS = Scenario(
    "turns", "instruments take turns, and the power goes as the beam's new place is noted",
    offering("", owner="takes-turns"), start="candidate", seconds=1500, phases=("record",),
    cuts=("record",),
)  # fmt: skip
TURNS_UPDATE = replace(
    NEXT, name="turns-update", why="instruments take turns, and an update comes in between",
    world=offering("fix", owner="takes-turns"), cuts=("set_boot", "confirm"),
)  # fmt: skip

PACE = Scenario(
    "update-at-pace", "an update and its recoveries at the pace of real life: a look every 6 h",
    offering("candidate", owner="patient"), until="updated", seconds=DAY, phases=WHOLE,
    cuts=("set_boot", "boot", "confirm"), recovery_s=DAY, budget="full",
)  # fmt: skip

# A trial is a candidate's own only when it is on offer to the release before it.
TRIALS = tuple(
    replace(UPDATE, name=f"trial-{name}", why=f"the candidate's own trial: {why}", cuts=NO_CUTS,
            world=offering("candidate", **{axis: name}))
    for axis, name, why in (
        ("network", "flapping", "a network that comes and goes"),
        ("network", "lossy", "a network that loses connections"),
        ("network", "dns-slow", "names that take long"),
        ("server", "chunked", "an update server that sends in chunks"),
        ("server", "prices-chunked", "prices that come in chunks"),
    )
)  # fmt: skip

STRIP = next(one for one in HOSTILE if one.name == "strip-20")
SCENARIOS = (*CORE, *POWER, *MORE, *DATA_TARGETS, *ANOTHERS, IDLE, NO_PRICES, NO_UPDATES, DAYS,
             WEEK, NEVER_LOOKS, TURNS, TURNS_UPDATE,
             PACE, *TRIALS, *ELSEWHERE, *HOSTILE, *OUT_OF_MEMORY)  # fmt: skip
