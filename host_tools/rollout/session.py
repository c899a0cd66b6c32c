"""No rollout starts or widens while the New York Stock Exchange trades: most seesaws move then, and
whoever looks at them should not meet a trial."""

from collections.abc import Mapping
from typing import Any

from seesaw.core.sessions import Sessions

from host_tools.errors import UserError
from host_tools.market import calendars
from host_tools.release import roles

EXCHANGE = "XNYS"
FORCE = "wait, or say --force"


def check(moment_s: int, table: Mapping[str, Any]) -> None:
    """table: the exchanges' calendars. UserError inside the session, by its holidays and half
    days, and where the calendar does not say."""
    sessions = Sessions(table[EXCHANGE])
    word, until_s = sessions.state(moment_s)
    what = f"{roles.moment(moment_s):%Y-%m-%d %H:%M} UTC"
    if word == "open":
        why = f"it is inside the US session, which ends at {roles.moment(until_s):%H:%M} UTC"
        raise UserError(what, why, FORCE)
    if not word:
        ends = calendars.date_of(sessions.last)
        why = f"the calendar of {EXCHANGE} ends on {ends}: whether it trades then is not known"
        raise UserError(what, why, "build another: 'seesaw market calendar'; or say --force")
