"""One cloud alone, with nobody to tell of its events: what measures or judges a registry starts it in a folder of its own."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devkit.local.child import Child
from devkit.local.clouds import ACR_AUDIENCE, PERSON, SOURCE
from devkit.local.files import private_folder
from devkit.local.ports import SERVICES, free_ports
from devkit.tls import TlsFiles, make_authority


@dataclass(frozen=True, slots=True)
class Single:
    login_server: str
    user: str
    password: str = field(repr=False)
    tls: TlsFiles
    state: Path
    process: Child


@contextmanager
def single_cloud(folder: Path, **changed: Any) -> Iterator[Single]:
    """`changed`: what its settings file says otherwise. Raises `Problem`."""
    private_folder(folder)
    tls, ports, password = (
        make_authority(folder / "tls"),
        dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True)),
        secrets.token_hex(16),
    )
    login_server, state = f"localhost:{ports['registry']}", folder / "state"
    token = {"name": PERSON, "password": password, "actions": ["*"]}
    settings = {
        "name": SOURCE.name,
        "state": str(state),
        "controlKey": secrets.token_hex(16),
        "tls": {"certificate": str(tls.certificate), "key": str(tls.key), "ca": str(tls.ca)},
        "ports": ports,
        "tenantId": SOURCE.tenant_id,
        "armAudience": SOURCE.arm_audience,
        "acrAudience": ACR_AUDIENCE,
        "registry": {"id": SOURCE.registry_id, "loginServer": login_server, "tokens": [token]},
        **changed,
    }
    file = folder / "cloud.json"
    child = Child("the cloud", ["devkit.cloud", str(file)], file=file, settings=settings, log=folder / "cloud.log")
    child.start()
    try:
        yield Single(login_server, PERSON, password, tls, state, child)
    finally:
        child.stop()
