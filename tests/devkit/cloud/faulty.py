"""Clouds with faults imposed, and looks at what then goes over the wire."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from devkit.local.control import CloudControl
from tests.devkit.cloud.running import Answer, Cloud


@contextmanager
def behaving(cloud: Cloud) -> Iterator[CloudControl]:
    """Its control; whatever was imposed is lifted in the end."""
    control = cloud.controls
    try:
        yield control
    finally:
        control.behave()


def answer_or_cut(call: Callable[[], Answer]) -> Answer | None:
    """None if the connection was cut before there was a whole answer."""
    try:
        return call()
    except (ConnectionError, ssl.SSLError, OSError):
        return None


def look(cloud: Cloud, repository: str, reference: str = "v1") -> int:
    return cloud.registry("GET", f"/v2/{repository}/manifests/{reference}").status
