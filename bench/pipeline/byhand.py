"""A push by a client that people use, until it is verified everywhere; and beside it what they would do without this app: sync by hand."""

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from bench.pipeline.figures import Figure, Section, Table, median
from bench.pipeline.measured import Measured
from devkit.host.clock import moment_of
from devkit.local.images import make_image, write_layout
from tests.e2e.eventually import eventually
from tests.e2e.running import BOTH, Site, target_of

REPOSITORY = "bench/byhand"


def by_hand(folder: Path, times: int, layers: int) -> Section:
    """`layers` of 300 kB each."""
    notes = (
        f"An image of {layers} layers of 300 kB, {times} times. From `skopeo copy` returning until both are verified; `skopeo sync` "
        "to both targets, one after the other, begins when the copy of another image of that size returns. Registries and clients share "
        "this machine."
    )
    section = Section("A push, and the same by hand", notes)
    program = shutil.which("skopeo")
    if program is None:
        section.notes = "Left out: skopeo is not installed here (`apt-get install skopeo`)."
        return section
    with Measured(folder / "site", ReplicationSettle="1") as site:
        skopeo = Skopeo(program, folder / "home", site)
        _published(site, skopeo, "warm", layers)
        ours = [_published(site, skopeo, f"ours{number}", layers) for number in range(times)]
        with site.unheard():
            theirs = [_synced(site, skopeo, f"theirs{number}", layers) for number in range(times)]
    section.figures = [
        Figure("copied until verified at both", median([whole for _, whole, _ in ours]), None, "{:.2f} s"),
        Figure("of that, the imports themselves", median([imports for _, _, imports in ours]), None, "{:.2f} s"),
        Figure("skopeo sync to both by hand", median([took for _, took in theirs]), None, "{:.2f} s"),
        Figure("skopeo copy into the source", median([copied for copied, _, _ in ours]), None, "{:.2f} s"),
    ]
    rows = [
        (f"{copied:.2f}", f"{whole:.2f}", f"{imports:.2f}", f"{took:.2f}")
        for (copied, whole, imports), (_, took) in zip(ours, theirs, strict=True)
    ]
    section.tables = [
        ("Seconds", Table(("skopeo copy", "until verified at both", "the slower import's share", "skopeo sync to both"), rows))
    ]
    return section


class Skopeo:
    def __init__(self, program: str, home: Path, site: Site) -> None:
        home.mkdir(parents=True)
        self.home = home
        self._program = program
        logins = {
            one.login_server: base64.b64encode(f"{one.username}:{one.password}".encode()).decode() for one in site.registries.values()
        }
        file = home / "config.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps({"auths": {server: {"auth": auth} for server, auth in logins.items()}}))
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "SSL_CERT_FILE": str(site.ends.ca),
            "REGISTRY_AUTH_FILE": str(file),
            "_CONTAINERS_ROOTLESS_UID": "1000",  # else it notes below /var/lib where blobs are
            "NO_PROXY": "localhost,127.0.0.1",
        }

    def run(self, *arguments: str) -> float:
        """Seconds."""
        began = time.perf_counter()
        command: Sequence[str] = [self._program, "--insecure-policy", *arguments]
        done = subprocess.run(command, env=self._environment, cwd=self.home, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        return time.perf_counter() - began

    def push(self, site: Site, name: str, layers: int) -> float:
        """An image that nobody has yet."""
        layout = self.home / name
        write_layout(layout, make_image(f"by hand {name}", layers=layers), "v1")
        return self.run("copy", f"oci:{layout}:v1", f"docker://{site.ends.source.login_server}/{REPOSITORY}/{name}:v1")


def _published(site: Site, skopeo: Skopeo, name: str, layers: int) -> tuple[float, float, float]:
    """Seconds: of the copy, from then until both are verified, and of the slower import."""
    copied, repository = skopeo.push(site, name, layers), f"{REPOSITORY}/{name}"
    began = time.perf_counter()
    instance = site.newest_run(repository, "v1")
    eventually(
        lambda: site.run(instance), lambda run: run and all(target_of(run, one)["state"] in ("replicated", "settling") for one in BOTH)
    )
    whole = time.perf_counter() - began
    return copied, whole, max(_import(site, one, repository) for one in BOTH)


def _import(site: Site, target: str, repository: str) -> float:
    one = site.clouds[target].imports(repository)[-1]
    return (moment_of(one["ended"]) - moment_of(one["began"])).total_seconds()


def _synced(site: Site, skopeo: Skopeo, name: str, layers: int) -> tuple[float, float]:
    copied, repository = skopeo.push(site, name, layers), f"{REPOSITORY}/{name}"
    source = f"{site.ends.source.login_server}/{repository}"
    return copied, sum(
        skopeo.run("sync", "--src", "docker", "--dest", "docker", source, f"{site.registries[one].login_server}/{REPOSITORY}")
        for one in BOTH
    )
