"""File systems that are written in the field: lost, of another driver, or of another day."""

from dataclasses import replace

from host_tools.prove.examples import naive
from host_tools.prove.scenario import Scenario, offering
from host_tools.prove.scenarios import DATA_EARLIER, DATA_NEWER, FIRST_BOOT, NEXT
from host_tools.prove.subject import Subject
from host_tools.prove.zoo import Row

INISETUP = (
    "https://github.com/micropython/micropython/blob/master/ports/esp32/modules/"
    "inisetup.py"
)
FOLLOWS = replace(FIRST_BOOT, name="follows", phases=())
LOOKS = Scenario("looks", "it has looked again and again, and nothing was new",
                 offering("candidate"), start="candidate", seconds=120)
ONWARD = replace(NEXT, seconds=900, phases=())
FORMATTED = replace(ONWARD, name="formatted", before=(FOLLOWS,),
                    world=offering("fix", data="rotten"))  # fmt: skip
NEWER = replace(DATA_NEWER, before=(LOOKS,), seconds=900)
EARLIER = replace(DATA_EARLIER, before=(LOOKS,), seconds=900)

MAIN = "    record = None\n"
MOVES = """\
    import json

    from seesaw.port.files import Files

    files = Files(boot)
    if not store.get("moved"):
        kept = json.dumps([settings["ssid"], settings["password"]])
        files.save("wifi", kept.encode())
        store.put("moved", b"1")
    kept = json.loads(files.load("wifi") or b'["", ""]')
    settings["ssid"], settings["password"] = kept
"""
GUARD = "        except OSError:\n            return None\n        finally:\n"
LOOK = "    updater.offer = await _offer(updater, alone)\n"
NEWEST = """\
    try:
        kept = read(updater.files.load("timestamp.json") or b"", "timestamp")[0]["version"]
    except TufError:
        kept = None
    seen = int(updater.store.get("newest") or b"0")
    if kept and kept < seen:
        raise Nothing("somebody has turned the clock back")
    updater.store.put("newest", b"%d" % max(seen, kept or 0))
"""


def by_files(faulty: bool) -> Subject:
    """A device that keeps its code in files: it replaces those that run, or the other folder's."""
    return naive.Naive("in-place" if faulty else "two-folders")


ROWS = (
    Row("file-by-file", "files are replaced one by one: versions are mixed",
        "https://github.com/olivergregorius/micropython_ota/issues/17",
        "cut", "hard brick", scenarios=(naive.SCENARIO,), device=by_files),
    Row("data-partition-formatted", "the password of the Wi-Fi was moved to a file, and a file "
        "system that cannot be mounted is formatted silently", INISETUP,
        "world", "deaf",
        (("seesaw/main.py", MAIN, MOVES + MAIN),
         ("seesaw/main.py", "Files(boot), carried_root()", "files, carried_root()")),
        (FORMATTED,)),
    Row("data-of-the-new-driver", "a release that was rolled back has left a file system of its own"
        " driver's version: the one that runs again cannot mount it, and stops there",
        "https://github.com/micropython/micropython/issues/16115",
        "world", "hard brick",
        (("seesaw/port/files.py", GUARD, "        finally:\n"),
         ("seesaw/port/files.py", "    for format_first in (rotten, True):\n",
          "    for format_first in (rotten,):\n"),
         ("seesaw/port/files.py", "            pass  # a dead flash: without memory, then\n",
          "            raise\n")),
        (NEWER,)),
    Row("newer-disk-version", "the older driver shows the files of before, and who has seen newer "
        "ones takes that for an attack",
        "https://github.com/littlefs-project/littlefs/issues/825",
        "world", "deaf",
        (("seesaw/look.py", LOOK, NEWEST + LOOK),), (EARLIER,)),
)  # fmt: skip
