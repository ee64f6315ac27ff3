"""What make bench-registry does, with a layer of a few megabytes: its figures are no test's, that the same bytes come back is its own."""

from pathlib import Path

import pytest

from bench import load
from bench.load import digest_of, layer
from bench.registries import local_cloud
from bench.registry import measure


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells how much memory a process had at most")
def test_each_figure_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "SMALL_BLOBS", 8)
    with local_cloud(tmp_path) as registry:
        found = measure(registry, 3, (digest_of(layer(0, 3)), digest_of(layer(1, 3))))
    units = {name: figure.split()[1] for name, figure in found.items()}
    assert units == {
        "resident at first": "MiB",
        "push whole": "MiB/s",
        "push whole, resident at most": "MiB",
        "push in chunks": "MiB/s",
        "push in chunks, resident at most": "MiB",
        "pull": "MiB/s",
        "pull, resident at most": "MiB",
        "small blobs pushed": "/s",
        "small blobs pulled": "/s",
    }
