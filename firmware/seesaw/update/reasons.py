"""Why a release did not come to run here: two numbers, the stage that it came to and the cause.

They survive the rollback in the record and go to the fleet's report (firmware/SPEC.md, "Check
query"). A number is never given another meaning: released devices say it for ever. The only voice
of a trial that ended are its last words, the launcher's or "<type of exception>: <its text>".

    stage                                       cause
    1 download    its bytes                     1 crash     an exception without a number of its own
    2 verify      what was written              2 watchdog  or panic: no last words
    3 install     the slot                      3 deadline  the launcher's timer
    4 set_boot    note of the trial, boot       4 memory    the floor, or none left
                  record                        5 import    a module that is not there
    5 boot        the launcher, on trial        6 damaged   its bundle is damaged
    6 updater     its updater, on trial, or     7 unproven  network, server or market was out
                  before that                   8 power     the power went
    7 app         its app, on trial             9 hash      bytes that came whole are wrong
    8 run         after it was confirmed        10 flash    what was written reads back wrong
                                                11 unfit    it does not fit the slot or the form
                                                12 room     no room in NVS
                                                13 refused  set_boot() refused the image
                                                14 left     the launcher left it, or a release that
                                                            kept no reasons rejected it
"""

INSTALL, UPDATER, APP = 3, 6, 7
CRASH, UNFIT = 1, 11
# How the words begin; the stage, 0 for the one that was reached; the cause.
WORDS = (
    ("watchdog", 0, 2), ("deadline", 0, 3), ("memory floor", 0, 4), ("MemoryError", 0, 4),
    ("ImportError", 0, 5), ("trial failed", 5, 6), ("unproven", 0, 7), ("power", 0, 8),
    ("the runtime's hash", 2, 9), ("the bundle's hash", 2, 9), ("the trailer reads", 2, 10),
    ("the first sector", 3, 10), ("no room", 4, 12), ("set_boot", 4, 13), ("left", 8, 14),
)  # fmt: skip


def of(words: str, stage: int, cause: int) -> tuple:
    """(stage, cause) that these words speak of; stage and cause as given if they do not say."""
    for start, place, why in WORDS:
        if words.startswith(start):
            return place or stage, why
    return stage, cause
