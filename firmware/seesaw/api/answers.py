"""What the device tells of itself. Nothing secret is within reach of this module's answers."""

from micropython import const

from seesaw.core.market_state import sign

_LOOKED = const(2)  # a stage of seesaw.update.record: it comes from the updater

WORDS = {
    "LIVE": "follows the market",
    "DELAYED": "follows the market, some minutes behind",
    "PROXY": "follows a fund in place of the index",
    "CLOSED": "the market is closed: the beam shows the last session",
    "STALE": "no new price: the beam stays, and others are asked",
    "NO_DATA": "no price to be had: it asks on; after a day tell its maker",
    "OFFLINE": "no Wi-Fi: is the router on?",
    "SETUP": "no Wi-Fi is set: hold the button",
}
SAFE = "it has failed several times, and runs between attempts to mend that"


def info(app, name: str) -> dict:
    """Who it is: the same as long as it runs."""
    boot = app.boot
    return {
        "name": name,
        "board": boot.trailer[5].rstrip(b"\x00").decode(),
        "version": boot.version,
        "slot": boot.slot.info()[4],
        "development": app.root == "development",
    }


def status(app) -> dict:
    """How it stands now."""
    feed, beam, quote, up_s = app.feed, app.beam, app.feed.last, app.clock.up_s()
    shown = sign(feed.state, app.boot.unhealthy)
    words = WORDS.get(feed.state, "") if app.said else "it has just started"
    made = {
        "state": feed.state,
        "sign": shown,
        "words": SAFE if shown == "SAFE" else words,
        "why": feed.why,
        "notice": app.notice,
        "instrument": feed.instrument,
        "turns": app.rota.names if app.rota else [feed.instrument],
        "provider": feed.provider if quote else None,
        "price": quote.price if quote else None,
        "percent": None,
        "age_s": None,
        "tilt": float("%.2f" % beam.degrees()),
        "level": beam.level(),
        "quiet": beam.is_quiet(),
        "up_s": up_s,
        "update": {
            "version": app.boot.version,
            "data": app.usage.name,
            "server": bool(app.settings["update_url"]),
            "outcome": app.outcome,
            "looked_s": app.since_s + up_s if app.boot.stage == _LOOKED else None,
        },
    }
    if app.rota:
        made["words"] += "; one of %d that take turns" % len(app.rota.names)
    if made["quiet"]:
        made["words"] += ", and in quiet hours the beam keeps still"
    now_s = app.clock.epoch_s()
    if quote:
        made["percent"] = float("%.2f" % ((quote.price / quote.baseline - 1) * 100))
        if now_s:
            made["age_s"] = max(now_s - quote.time_s, 0)
    return made


def seen(app) -> tuple:
    """What makes a status a new one: cheap, as it is asked for every second."""
    feed, beam = app.feed, app.beam
    quiet = beam.is_quiet()
    return app.said, feed.state, feed.why, feed.last, beam.target_ns, quiet, app.notice
