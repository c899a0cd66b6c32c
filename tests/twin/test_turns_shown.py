"""The twin's page says which of several instruments is shown, and its truth is that one's."""

import json
from pathlib import Path

from host_tools.market.instruments import INSTRUMENTS
from host_tools.market.truth import deadband_us, wanted_us
from host_tools.twin.reports import Quote, Report
from host_tools.twin.scene import Scene
from host_tools.twin.view import View
from host_tools.twin.world import Wanted

LONGEST_S = 1500  # of virtual time, sixty times as fast
PULSE_US = 3  # of rounding
BACK_S = 60  # a price may be so old


def test_the_twin_shows_each_in_its_turn(tmp_path: Path) -> None:
    config = tmp_path / "settings.json"
    config.write_text(json.dumps({"rotation": ["btc", "dax"], "turn_min": 5}))
    view = View()
    seen: dict[str, str] = {}

    def heard(report: Report) -> None:
        view.hear(report)
        if not isinstance(report, Quote) or report.state != "LIVE":
            return
        shown = scene.shown
        assert shown.name == report.instrument and view.state()["price"]
        seen[shown.name] = view.state()["instrument"]
        told = [wanted_us(*one, shown.sigma, 1500, 40) for one in scene.truth(BACK_S)]
        near = deadband_us(40) + PULSE_US
        assert min(told) - near <= report.pulse_us <= max(told) + near, report

    with Scene(Wanted(build=tmp_path, config=config, speed=60, check_s=86_400), heard) as scene:
        view.attach(scene)
        scene.run(LONGEST_S, None, lambda: len(seen) == 3)
    assert seen == {name: INSTRUMENTS[name].title for name in ("sp500", "btc", "dax")}
