"""What a stream and its rules share: the paths of its messages, how long it may be quiet."""

QUIET_S = 60  # without an accepted quote, if the stream does not say


def steps_of(path: str) -> list:
    """["data", 0, "last"] of "data/[0]/last"; ValueError for what is no path."""
    steps = []
    for step in path.split("/"):
        if not step:
            raise ValueError("an empty step")
        if step[0] == "[":
            if step[-1] != "]" or not 2 < len(step) <= 5 or step[1:-1].strip("0123456789"):
                raise ValueError("an item is [NUMBER]")
            step = int(step[1:-1])
        steps.append(step)
    return steps
