"""The day's letters: plain text to read, and a mail for each owner that any mail program opens.

Nothing is sent. A mail has one owner in it, so no owner sees another's address.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from host_tools.incident import draft, machine, times
from host_tools.incident.incident import Incident, Update
from host_tools.incident.owners import KINDS, Owner
from host_tools.incident.site import PAGES
from host_tools.incident.site_facts import Site
from host_tools.release.place import Item

AGAIN = timedelta(days=1)  # one letter for each day


def files(
    site: Site, one: Incident, asked: Mapping[str, Sequence[Owner]], now: datetime
) -> list[Item]:
    """(path, contents): INCIDENT/DAY/KIND.txt, and INCIDENT/DAY/KIND/ADDRESS.eml for each owner.

    one has an update of this day.
    """
    folder = _folder(one.name, now)
    template = Environment(  # plain text: there is nothing to escape
        loader=FileSystemLoader(PAGES), autoescape=False, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    ).get_template("letter.txt")  # fmt: skip
    news = [update for update in one.updates if update.at.date() == now.date()]

    def text(kind: str, name: str) -> str:
        said = template.render(
            kind=kind, name=name, one=one, news=news, draft=draft, moment=times.words,
            link=machine.address(site, one), again=now + AGAIN,
        )  # fmt: skip
        return re.sub(r"\n{3,}", "\n\n", said).strip() + "\n"

    made = []
    for kind in KINDS:
        if not asked[kind]:
            continue
        made.append((f"{folder}{kind}.txt", text(kind, "").encode()))
        for owner in asked[kind]:
            mail = _mail(one, news[-1], owner, text(kind, owner.name), now)
            made.append((f"{folder}{kind}/{owner.address.lower()}.eml", mail))
    return made


def ours(name: str, now: datetime) -> re.Pattern[str]:
    """The letters of this day: those that are not made any more must not be sent."""
    kinds = "|".join(KINDS)
    return re.compile(rf"{re.escape(_folder(name, now))}({kinds})(\.txt|/[^/]+\.eml)")


def counted(made: Sequence[Item]) -> str:
    mails = [path.split("/")[2] for path, _ in made if path.endswith(".eml")]
    return ", ".join(f"{mails.count(kind)} {kind}" for kind in KINDS)


def _folder(name: str, now: datetime) -> str:
    return f"{name}/{now.date().isoformat()}/"


def _mail(one: Incident, news: Update, owner: Owner, text: str, now: datetime) -> bytes:
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = Address(one.person, addr_spec=one.address)
    mail["To"] = Address(owner.name, addr_spec=owner.address)
    mail["Subject"] = f"{one.title} ({now.day} {now:%B}: {news.status})"
    mail["Date"] = format_datetime(now)
    which = f"{one.name} {now.date()} {owner.address.lower()}"
    word = hashlib.sha256(which.encode()).hexdigest()[:32]  # the same mail when it is made anew
    mail["Message-ID"] = f"<{word}@{one.address.rpartition('@')[2]}>"
    mail["X-Unsent"] = "1"  # some mail programs open it as a draft then
    mail.set_content(text, cte="quoted-printable")
    return bytes(mail)
