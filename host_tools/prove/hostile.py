"""The worlds of the proof, as plain data: networks, servers, releases, owners and hardware.

In each the candidate runs, mostly with the fix on offer, and its end must come back in a good
world; a few are cut as well. `until` shows that the world was as bad as it says.

Waiting: lasting defects inside a slot, which a device survives and no software cures.
"""

from dataclasses import replace

from host_tools.prove.odd import BASE
from host_tools.prove.scenario import HOUR, NO_CUTS, Scenario, offering

ASKED = "struck:4"  # answers that were spoilt before the scenario ends
NETWORKS = {  # name: (what it stands for, until)
    "absent": ("no access point", "says:OFFLINE"),
    "lossy": ("one connection in three dies", "overcome"),
    "stalls": ("connections open, nothing comes", ASKED),
    "resets-head": ("connections break in the head of an answer", ASKED),
    "resets-body": ("connections break after the first byte of a body", ASKED),
    "resets-mid": ("connections break in the middle of a body", ASKED),
    "resets-last": ("connections break before the last byte", ASKED),
    "captive": ("a portal answers everything with its page", ASKED),
    "dns-crossed": ("names lead to other servers", ASKED),
    "dns-dead": ("no name is ever found", "says:EAI_FAIL"),
    "dns-slow": ("every name takes 13 s, in which nothing else runs", "updated"),
    "clock-unset": ("the clock was never set", "updated"),
    "clock-ahead": ("clock and server are ten years ahead: all that is signed has expired",
                    "says:Expired"),
    "clock-behind": ("the clock is ten years behind", "says:event=proved"),
    "flapping": ("the network comes and goes every minute", "overcome"),
}
SERVERS = {
    "404-page": ("a page with status 200 in place of every file", "hindered"),
    "gone": ("nothing there", "hindered"),
    "overloaded": ("503 and a time to come again", "hindered"),
    "truncated": ("every file ends early", "hindered"),
    "too-long": ("a length that never comes", "hindered"),
    "too-short": ("a length that cuts the file", "hindered"),
    "empty": ("empty files", "hindered"),
    "chunked": ("chunked answers", "overcome"),
    "redirect": ("redirects", "hindered"),
    "no-range": ("a server without ranges", "overcome"),
    "stale": ("the release before is on offer again", "refused"),
    "forged": ("a release of an attacker, signed by himself", "hindered"),
    "forged-root": ("likewise, with a root of his own on top", "hindered"),
    "unsigned": ("an offer, and no metadata", "hindered"),
    "replayed": ("the files of the release before under new names", "hindered"),
    "huge": ("files without an end", "hindered"),
    "slow": ("a byte every half second", "hindered"),
    "hang": ("no answers", "hindered"),
    "garbage": ("JSON that means nothing", "hindered"),
    "bundle-truncated": ("a bundle that ends early", "hindered"),
    "bundle-404-page": ("a page in place of the bundle", "hindered"),
    "bundle-too-short": ("a bundle that its length cuts", "hindered"),
    "bundle-replayed": ("the bundle of the release before under the new one's name", "hindered"),
    "bundle-chunked": ("a chunked bundle", "overcome"),
    "bundle-redirect": ("the bundle has moved", "hindered"),
    "bundle-huge": ("a bundle without an end", "hindered"),
    "bundle-slow": ("a bundle that takes for ever", "hindered"),
    "bundle-reset": ("a bundle whose connection breaks", "hindered"),
    "packed-gone": ("bundles alone, none of them packed", "overcome"),
    "packed-404-page": ("a page in place of the packed bundle", "overcome"),
    "packed-truncated": ("a packed bundle that ends early", "overcome"),
    "packed-too-short": ("a packed bundle that its length cuts", "overcome"),
    "packed-replayed": ("the packed bundle of the release before", "overcome"),
    "packed-reset": ("a packed bundle whose connection breaks", "overcome"),
    "packed-huge": ("a packed bundle without an end", "overcome"),
    "packed-slow": ("a packed bundle that takes for ever", "overcome"),
    "prices-404-page": ("a page in place of prices", ASKED),
    "prices-gone": ("no prices any more", ASKED),
    "prices-overloaded": ("503 in place of prices", ASKED),
    "prices-truncated": ("prices that end early", ASKED),
    "prices-chunked": ("chunked prices", "overcome"),
    "prices-redirect": ("prices have moved", ASKED),
    "prices-huge": ("prices without an end", ASKED),
    "prices-slow": ("prices that take for ever", ASKED),
    "prices-hang": ("no answer about prices", ASKED),
    "prices-garbage": ("prices that mean nothing", ASKED),
}
RELEASES = {  # of odd.py
    "board": ("a release for another board", "refused"),
    "chip": ("a runtime for another chip", "hindered"),
    "combined": ("a combined image as runtime", "interrupted"),
    "big": ("a release larger than the slot", "hindered"),
    "rubbish": ("well hashed rubbish", "rejected"),
    "hash": ("a wrong hash in the offer", "hindered"),
    "import": ("a release that crashes at import", "rejected"),
    "app": ("a release whose app crashes at import", "rejected"),
    "hang": ("a release whose app hangs", "rejected"),
    "hang.updater": ("a release whose updater hangs", "rejected"),
    "minute": ("a release that crashes after a minute", "rejected"),
    "leak": ("a release that leaks memory", "rejected"),
    "migrates": ("a release that rewrites the settings, then crashes", "rejected"),
    "wifi": ("a release that does not join Wi-Fi", "interrupted"),
    "dns": ("a release that finds no host", "interrupted"),
    "tls": ("a release that trusts no server", "interrupted"),
    "deaf": ("a release whose updater asks the wrong way", "interrupted"),
    "shadows": ("a release that shadows modules", "updated"),
    "late.crash": ("a release that crashes once it is confirmed", "says:KeyError"),
    "late.memory": ("a release that runs out of memory once confirmed", "says:MemoryError"),
    "late.hang": ("a release that hangs once it is confirmed", "updated"),
}
OWNERS = {
    "strip-20": ("a power strip goes off every 20 s", "struck:90"),
    "strip-60": ("a power strip goes off every minute", "struck:30"),
    "unplugs": ("the plug is pulled in each trial", "overcome"),
    "sets-at-offer": ("settings change just before an install", "overcome"),
    "sets-in-trial": ("settings change during a trial", "overcome"),
    "router": ("the password of the router changes for a while", "overcome"),
    "fiddles": ("the button is held again and again, and the plug pulled in set-up", "overcome"),
    "maintains": ("somebody stops it for maintenance, and pulls the plug then", "overcome"),
    "provisions": ("a web flasher sends credentials of no network in each trial", "overcome"),
    "visits": ("somebody types at the serial console for a quarter of an hour", "struck:2"),
}
HARDWARE: dict[str, tuple[str, str, tuple[tuple[str, str | int | bool], ...]]] = {
    "other-entry": ("set_boot() on the active slot takes the other entry", "updated",
                    (("same_slot", "rewrite_other"),)),
    "no-rollback": ("a bootloader without rollback", "updated", (("rollback", False),)),
    "nvs-chunk": ("ESP-IDF loses a chunk of a blob at start", "updated",
                  (("nvs_loses_chunk", True),)),
    "slow-flash": ("worn flash: erases and programs take nine times as long", "updated",
                   (("flash_slow", 9),)),
    "dead-nvs": ("nvs takes no change any more", "updated",
                 (("bad_sectors", "nvs:0,nvs:1,nvs:2,nvs:3"),)),
    "bad-spare": ("a dead sector that no release needs", "updated", (("bad_sectors", "ota_1:99"),)),
    "data-dead": ("the data partition takes no change any more", "updated",
                  (("bad_sectors", "data:0,data:1"),)),
    "data-rotten": ("the data partition is no file system", "updated", (("data", "rotten"),)),
    "data-full": ("the data partition is full of somebody's files", "updated",
                  (("data", "full"),)),
    "bad-runtime": ("a sector of the other slot's runtime takes no change for a while", "hindered",
                    (("tired_sectors", "ota_1:1"),)),
    "bad-first": ("the other slot's first sector takes no change for a while", "hindered",
                  (("tired_sectors", "ota_1:0"),)),
    "brown-out": ("the supply breaks down as the servo starts; RTC memory survives", "struck:5",
                  (("brown_out", "survives"),)),
    "brown-out-rtc": ("likewise, and bits of RTC memory are lost", "struck:5",
                      (("brown_out", "decayed"),)),
}  # fmt: skip


def _scenario(name: str, why: str, until: str, offer: str = "fix", **world: str) -> Scenario:
    """It begins with the candidate; ten hours are more than anything here takes."""
    return Scenario(name, why, offering(offer, **world), start="candidate", until=until,
                    seconds=10 * HOUR, cuts=NO_CUTS)  # fmt: skip


def _all() -> list[Scenario]:
    found = [_scenario(n, why, until, network=n) for n, (why, until) in NETWORKS.items()]
    found += [_scenario(n, why, until, server=n) for n, (why, until) in SERVERS.items()]
    found += [
        _scenario("release-" + n, why, until, BASE + n) for n, (why, until) in RELEASES.items()
    ]
    found += [_scenario(n, why, until, owner=n) for n, (why, until) in OWNERS.items()]
    for name, (why, until, hardware) in HARDWARE.items():
        found.append(_scenario(name, why, until).on(**dict(hardware)))
    return found


# What is only run with the full budget: long, or close to another one.
FULL = {"strip-60", "prices-slow", "prices-huge", "huge", "slow", "bundle-slow", "bundle-huge",
        "packed-slow", "packed-huge", "packed-404-page", "packed-too-short"}
HOSTILE = tuple(
    replace(one, budget="full" if one.name in FULL else "quick") for one in _all()
)
