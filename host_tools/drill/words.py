"""What a person writes in the drill: the account, its updates, the post-mortem's parts."""

SITE = {"name": "Seesaw", "url": "https://status.seesaw.example/", "third_parties": ["CNBC"]}
TITLE = "Prices of the S&P 500 stand still"
PERSON, ADDRESS = "Your Name", "you@seesaw.example"
ACCOUNT = {
    "In plain words": "The beam of a seesaw that follows the S&P 500 lies level, and its light"
    " blinks twice: the prices that it follows do not arrive. We see it, and mend it.",
    "Who is affected": "Sculptures that follow the S&P 500, all versions.",
    "Who is not affected": "All that follow anything else.",
    "What owners should do": "Nothing. It mends itself within minutes of our cure.",
    "Technical detail": "Every provider of this index that ships answers 200 with a web page. The"
    " devices say so in their checks.",
}
INVESTIGATING = "We see it in the fleet's report, and look for where the service has gone."
RING = "The service has moved. Its new address is being tried on our own seesaw."
EVERYBODY = "The new address is signed for everybody. Nobody has to do anything."
RESOLVED = "All seesaws follow their markets again. The new address is in the firmware too."
AFTER = {
    "In plain words": "A company that sends us prices moved, and told nobody. The seesaws said that"
    " they had none, and were cured over the air.",
    "What caused it": "All providers of one index that ship had moved at once; a device can only"
    " ask addresses that it knows.",
    "Why nothing caught it before": "Nobody watched the addresses from outside.",
    "So that it cannot happen again": "A first version of the firmware fix could not have updated"
    " again. The proof refused it, and where that was not heeded, the rollout's rule stopped it in"
    " the first ring: both are rehearsed here.",
}
DRILL = "the drill"
FORCED = "the drill: prove refused it, and was not heeded"
PART = "the drill: proven in one scenario alone, for want of time"


def filled(text: str, parts: dict[str, str], blank: str) -> str:
    """The text with these words in place of the first blank below each heading."""
    for head, words in parts.items():
        before, mark, after = text.partition(f"## {head}\n")
        lines = after.split("\n")
        at = next(n for n, line in enumerate(lines) if line.startswith(blank))
        lines[at] = words
        text = before + mark + "\n".join(lines)
    return text
