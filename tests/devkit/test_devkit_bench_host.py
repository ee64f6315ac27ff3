"""What make bench-host does, with a handful of orchestrations: its figures are no test's, that each is measured is its own."""

from pathlib import Path

import pytest
from rich.console import Console

from bench.host import Sizes, measure, tables

SIZES = Sizes(one=2, chain=2, fan=1, width=3, alone=2, waiting=20, lead=2.0, idle=0.1)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux tells a process's CPU and memory this way")
def test_each_figure_is_measured(tmp_path: Path) -> None:
    found = measure(tmp_path, SIZES)
    episodes = [(name, each.floor.episodes / each.count) for name, each in found.rates.items()]
    assert episodes[:2] == [("one activity", 2.0), ("chain of 4 activities", 5.0)]
    assert found.waiting.floor.episodes == SIZES.waiting
    assert all(spent > 0 for spent in found.split.values())
    assert (len(found.latencies.start), len(found.latencies.step)) == (2, 6)
    console = Console(record=True, width=120)
    for each in tables(found):
        console.print(each)
    assert "all timers fired" in console.export_text()
