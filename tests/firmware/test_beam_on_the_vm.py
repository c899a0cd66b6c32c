"""The beam on MicroPython's own virtual machine gives the pulses that it gives in virtual time."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from beam_rig import Rig
from seesaw import beam as module

from host_tools.emulator.micropython_engine import find_micropython

FIRMWARE = Path(__file__).parents[2] / "firmware"
VM_S = 60  # of real time
ON_THE_VM = """
import asyncio
import json
import sys

from seesaw import beam as module
from seesaw import tuning

module.FRAME_MS = module.HOLD_MS = module.POWER_MS = 1
pulses = []


class Ports:
    pulse_ns = 0
    pulse = pulses.append

    def power(self):
        return True

    def release(self):
        pulses.append(0)

    def keep(self, ns):
        self.pulse_ns = ns

    def get(self):
        return 0

    def up_s(self):
        return 0

    epoch_s = up_s


async def main():
    changes, orders = json.loads(sys.argv[1])
    ports = Ports()
    settings = tuning.parse(json.dumps(changes).encode())
    made = module.Beam(settings, ports, ports, ports, ports, None)
    moving = asyncio.create_task(made.move())
    for degrees in orders:
        made.point(degrees)
        while made.wanted.is_set() or not made.still:
            await asyncio.sleep_ms(1)


asyncio.run(main())
print(pulses)
"""


@pytest.fixture(autouse=True)
def _own_loop() -> Iterator[None]:
    """Each rig puts its own loop in the place of CPython's; this puts that back."""
    real = module.asyncio
    yield
    module.asyncio = real


@pytest.mark.parametrize(
    "changes",
    [{}, {"approach_us": -31, "us_per_degree": -37, "center_us": 1477, "low_us": 1180},
     {"us_per_degree": 8, "high_us": 1560, "sensitivity": 400}],
)  # fmt: skip
def test_the_pulses_on_the_real_vm_are_the_same(changes: dict[str, int], tmp_path: Path) -> None:
    orders = [3.0, 3.2, -7.7, -7.9, -12.0, 12.0, 11.6, 0.1, 0.0]
    script = tmp_path / "script.py"
    script.write_text(ON_THE_VM)
    done = subprocess.run(
        [find_micropython(), str(script), json.dumps([changes, orders])],
        env={**os.environ, "MICROPYPATH": f"{FIRMWARE}:.frozen"},
        capture_output=True, text=True, timeout=VM_S, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    rig = Rig(switch=True, **changes)
    rig.point(*[(30, degrees) for degrees in orders])

    assert len(rig.pulses) > 200
    assert json.loads(done.stdout) == [ns for _, ns in rig.pulses]
