"""Data that comes without a release: it can brick and darken as firmware can."""

from dataclasses import replace

from host_tools.prove.scenario import HOUR, offering
from host_tools.prove.scenarios import DATA, RENAMED, SILENT
from host_tools.prove.zoo import Row

# A set that a firmware took unseen: the device restarted for ever, and went back to its maker.
SAMSUNG = "https://www.theregister.com/2020/07/18/samsung_bluray_mass_dieoff_explained/"
MOVED = "https://github.com/tronbyt/apps/issues/673"  # a provider that changed, for want of data
RUBBISH = replace(DATA, name="rubbish", world=offering("candidate", server="data-rubbish"),
                  until="time", seconds=HOUR, phases=(), cuts=None)  # fmt: skip
NO_PRICE = replace(SILENT, name="no-price", until="time", phases=(), cuts=None)
UNPLUGGED = replace(RENAMED, name="unplugged", until="time", seconds=HOUR, phases=(), cuts=None,
                    world=offering("candidate", server="renamed", owner="unplugs-data")
                    )  # fmt: skip
NO_CHECK = (
    ("seesaw/data/feeds.py", '    _fields(found, _SET, ("about",))\n', "    return found\n"),
    ("seesaw/wiring.py", "        except Exception:  # of", "        except ImportError:  # of"),
)
UNSEEN = replace(RUBBISH, name="calendar-unseen",
                 world=offering("candidate", server="calendar-rubbish"))  # fmt: skip
NO_RULES = ("seesaw/data/calendars.py", "        calendar_rules.check(parts[name])\n", "")
COUNT = "    if scratch[faring.AT] >= faring.STARTS_MAX:\n"
NEVER = "    if scratch[faring.AT] > 255:\n"
END = "faring.seen(scratch, self.starts, fresh"

ROWS = (
    Row("data-unchecked", "a set is taken unseen, and the app crashes with it at every start",
        SAMSUNG, "world", "dark",
        (*NO_CHECK, ("seesaw/data/turns.py", COUNT, NEVER)),
        (RUBBISH,)),
    Row("data-unchecked-but-counted", "the same, and the count of crashes gives it up",
        SAMSUNG, "world", "refused",
        NO_CHECK,
        (replace(RUBBISH, until="says:crashed, now shipped"),)),
    Row("calendar-unchecked", "a calendar is taken unseen, and the app crashes with it",
        SAMSUNG, "world", "dark",
        (NO_RULES, ("seesaw/data/turns.py", COUNT, NEVER)),
        (UNSEEN,)),
    Row("calendar-unchecked-but-counted", "the same, and the count of crashes gives it up",
        SAMSUNG, "world", "refused", (NO_RULES,),
        (replace(UNSEEN, until="says:words=calendars shipped, given up: "),)),
    Row("data-never-given-up", "no price comes with a set, and the device waits for one for ever",
        MOVED, "world", "dark",
        (("seesaw/data/standing.py", "return _SILENT_S << min(", "return _SILENT_S << 9 + min("),),
        (NO_PRICE,)),
    Row("data-condemned-by-a-power-cut", "a session that began with power-on counts as a crash: "
        "what would cure the device is given up", MOVED, "world", "dark",
        (("seesaw/data/usage.py", END,
          END.replace(" self.starts,", " 3 if self._boot.cause == 1 else self.starts,")),),
        (UNPLUGGED,)),
)  # fmt: skip
