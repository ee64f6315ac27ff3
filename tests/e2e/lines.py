"""The lines between the app and the clouds: a proxy before the source's registry and before each of China's services."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.e2e.proxy import Proxy
from tests.e2e.running import Site


@dataclass(frozen=True)
class Lines:
    source: Proxy
    registry: Proxy
    arm: Proxy
    entra: Proxy

    @property
    def all(self) -> tuple[Proxy, ...]:
        return (self.source, self.registry, self.arm, self.entra)


@contextmanager
def lines_of(site: Site) -> Iterator[Lines]:
    """Before the site is started. Both registries are told their new names: imports trust no token endpoint but the source's own, and a
    registry exchanges tokens for itself alone."""
    source, china, ca = site.stack.ports.clouds["source"], site.stack.ports.clouds["china"], site.ends.ca
    with (
        Proxy(f"localhost:{source['registry']}", ca) as before_source,
        Proxy(f"localhost:{china['registry']}", ca) as before_registry,
        Proxy(f"localhost:{china['arm']}", ca) as before_arm,
        Proxy(f"localhost:{china['entra']}", ca) as before_entra,
    ):
        site.stack.clouds["source"].settings["registry"]["loginServer"] = before_source.address
        site.stack.clouds["china"].settings["registry"]["loginServer"] = before_registry.address
        settings = site.stack.app_settings
        targets = json.loads(settings["ReplicationTargets"])
        target = next(one for one in targets if one["name"] == "china")
        target["loginServer"] = before_registry.address
        target["cloud"] |= {"resourceManager": f"https://{before_arm.address}", "authority": f"https://{before_entra.address}"}
        settings |= {"SourceACRLoginServer": before_source.address, "ReplicationTargets": json.dumps(targets)}
        yield Lines(before_source, before_registry, before_arm, before_entra)
