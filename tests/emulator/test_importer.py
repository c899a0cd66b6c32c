"""Imports from a bundle on CPython: `.mpy` bytes over the companion; loops that cost time."""

from pathlib import Path

import pytest
import tiny

from host_tools.emulator.companion import Companion, compile_source
from host_tools.image import filesystem

MODULES = {
    "seesaw/__init__.py": "print('package', __name__)\n",
    "seesaw/main.py": (
        "'''Docstring.'''\n"
        "from seesaw.core import tilt\n"
        "import seesaw.core.tilt\n"
        "assert tilt is None, 'asserts are off'\n"
        "print(tilt.DEGREES, seesaw.core.tilt is tilt, __name__, __doc__)\n"
    ),
    "seesaw/core/__init__.py": "",
    "seesaw/core/tilt.py": "print('once')\nDEGREES = 12\n",
    "seesaw/fails.py": "import seesaw.core.tilt\nraise ValueError('while importing')\n",
}


def run(tmp_path: Path, script: str, change: dict[str, bytes] | None = None) -> list[str]:
    """What a script prints with the bundle of MODULES, some of its files changed."""
    made = tiny.pack(tmp_path, MODULES)
    packed = made.image
    if change:
        packed = filesystem.build_tight({**made.files, **change}, 512)
    chip = tiny.flash(tiny.mount(packed) + script, packed)
    bench = tiny.on_cpython(chip, made.companion)
    bench.run()
    return bench.lines


def attempt(module: str) -> str:
    return f"""
try:
    import {module}
    print("imported")
except Exception as error:
    print(type(error).__name__, error)
"""


def test_a_package_runs_from_its_compiled_modules_once_each(tmp_path):
    script = "import seesaw.main\nfrom seesaw import main\nprint(main.tilt.DEGREES)"
    assert run(tmp_path, script) == [
        "package seesaw",
        "once",
        "12 True seesaw.main None",
        "12",
    ]


def test_a_damaged_module_is_an_import_error(tmp_path):
    intact = tiny.pack(tmp_path, MODULES).files["seesaw/core/tilt.mpy"]
    for at in (0, len(intact) // 2, len(intact) - 1):
        damaged = bytearray(intact)
        damaged[at] ^= 1
        lines = run(tmp_path, attempt("seesaw.main"), {"seesaw/core/tilt.mpy": bytes(damaged)})

        assert lines[0] == "package seesaw"
        assert lines[1].startswith("ImportError incompatible .mpy file")


@pytest.mark.parametrize("name", ["nothing", "seesaw.nothing", "seesaw.main.deeper", "typing"])
def test_a_missing_module_is_named(tmp_path, name):
    assert run(tmp_path, attempt(name))[-1] == f"ImportError no module named '{name}'"


def test_a_module_that_fails_is_not_kept(tmp_path):
    lines = run(tmp_path, attempt("seesaw.fails") + attempt("seesaw.fails"))

    assert lines == ["package seesaw", "once"] + ["ValueError while importing"] * 2


FOLDERS = """
import os
for folder in ("first", "second"):
    os.mkdir(folder)
    with open(folder + "/thing.py", "w") as file:
        file.write("WHERE = %r" % folder)
with open("second/other.py", "w") as file:
    file.write("WHERE = 'second only'")
with open("json.py", "w") as file:
    file.write("WHERE = 'never: a built-in wins'")
"""


def test_sys_path_is_searched_in_order(tmp_path):
    script = FOLDERS + """
sys.path[:] = ["/first", ".frozen", "/second"]
import thing, other, json
print(thing.WHERE, "|", other.WHERE, hasattr(json, "WHERE"))
del sys.modules["thing"]
sys.path[:] = ["second"]
import thing
print(thing.WHERE)
"""
    assert run(tmp_path, script) == ["first | second only False", "second"]


def test_source_wins_over_compiled_and_a_directory_over_both(tmp_path):
    script = """
import os
os.mkdir("lib")
os.mkdir("lib/both")
for path in ("lib/both/__init__.py", "lib/both.py", "lib/half.py"):
    with open(path, "w") as file:
        file.write("print(%r)" % path)
with open("lib/half.mpy", "wb") as file:
    file.write(b"M")
sys.path[:] = ["/lib"]
import both, half
"""
    assert run(tmp_path, script) == ["lib/both/__init__.py", "lib/half.py"]


def test_modules_and_built_ins_belong_to_one_session(tmp_path):
    chip = tiny.flash("""
import machine, sys
print("poisoned" in sys.modules, machine.reset_cause())
if machine.reset_cause() == 1:
    sys.modules["poisoned"] = sys
    machine.soft_reset()
""")
    bench = tiny.on_cpython(chip)
    bench.run()

    assert bench.lines == ["False 1", "False 5"]


def test_only_the_built_ins_of_the_port_are_there():
    assert tiny.output("""
for name in ("breakpoint", "TimeoutError", "vars", "open", "print", "compile"):
    try:
        eval(name)
        print(name)
    except NameError:
        pass
""") == ["open", "print"]


HUNG = "import machine, time\nif machine.reset_cause() == 3:\n    print('END')\nelse:\n"


@pytest.mark.parametrize(
    "loop",
    ["while True: pass", "while True:\n  continue", "while 1:\n  try: pass\n  finally: pass"],
)
def test_a_hung_loop_meets_its_watchdog(loop):
    body = f"machine.WDT(timeout=30000)\n{loop}".replace("\n", "\n    ")
    bench = tiny.on_cpython(HUNG + "    " + body + "\n")
    outcome = bench.run(120)

    assert bench.events[1] == "reset watchdog"
    assert 30_000_000 < outcome.elapsed_us < 31_000_000
    assert bench.lines == ["END"]


def test_a_timer_rings_in_a_hung_loop():
    bench = tiny.on_cpython("""
import machine
if machine.reset_cause() == 1:
    machine.Timer(0).init(mode=0, period=5000, callback=lambda timer: machine.reset())
    while True:
        pass
print("END")
""")
    bench.run()

    assert bench.events[1:] == ["reset machine.reset()", "boot ota_0 cause 2"]


def test_ticks_change_no_meaning():
    source = "total, n = 0, 5\nwhile n:\n  n -= 1\n  if n == 2:\n    continue\n  total += n\n"
    ticks = []
    space = {"__tick__": lambda: ticks.append(1)}
    exec(compile_source(source, "seesaw/x.py"), space)

    assert (space["total"], len(ticks)) == (8, 5)


def test_a_companion_is_read_from_its_file_and_refuses_unknown_bytes(tmp_path):
    path = tmp_path / "x.companion.json"
    path.write_text('{"00": ["seesaw/a.py", "A = 1"]}')
    companion = Companion.load(path)
    assert companion.modules == {"00": ("seesaw/a.py", "A = 1")}
    with pytest.raises(ImportError, match="in no companion"):
        companion.code(b"unknown")
    path.write_text("{")
    with pytest.raises(ValueError):
        Companion.load(path)
