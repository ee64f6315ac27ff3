"""Which port serves what: fixed ones for `make up`, free ones for the demo and tests; both kept in the state folder."""

import errno
import random
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from devkit.local.clouds import CLOUDS
from devkit.local.files import read_object, write_private
from devkit.local.problem import Problem

NAMES = tuple(cloud.name for cloud in CLOUDS)
SERVICES = ("entra", "arm", "registry", "control")
# Below the ports that systems lend to outgoing connections (Linux from 32768, macOS from 49152): otherwise one of those could sit on the
# port of a process that is down for a moment.
FREE_RANGE = range(20_000, 32_000)


@dataclass(frozen=True, slots=True)
class Ports:
    app: int
    clouds: Mapping[str, Mapping[str, int]]  # cloud -> service -> port

    @classmethod
    def fixed(cls) -> Self:
        """What a person can remember: registries at 5001 to 5003, the app where Core Tools have it."""
        clouds = {
            cloud: {"entra": 5201 + 10 * place, "arm": 5202 + 10 * place, "registry": 5001 + place, "control": 5203 + 10 * place}
            for place, cloud in enumerate(NAMES)
        }
        return cls(7071, clouds)

    @classmethod
    def free(cls) -> Self:
        """Ports that nobody listens on now."""
        found = iter(free_ports(1 + len(NAMES) * len(SERVICES)))
        return cls(next(found), {cloud: {service: next(found) for service in SERVICES} for cloud in NAMES})

    @classmethod
    def kept(cls, file: Path, first: Self) -> Self:
        """Those of `file`, or `first` when there is none: then they are kept there. Raises `Problem`."""
        value = read_object(file)
        if not value:
            write_private(file, {"app": first.app, **first.clouds})
            return first
        try:
            return cls(_port(value["app"]), {cloud: {service: _port(value[cloud][service]) for service in SERVICES} for cloud in NAMES})
        except (KeyError, TypeError, ValueError):
            raise Problem(f"{file} does not name a port (1024 to 65535) for each service: correct it, or remove it.") from None

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Each port, and who wants it."""
        yield self.app, "the app"
        for cloud, services in self.clouds.items():
            yield from ((port, f"the {service} of the cloud {cloud}") for service, port in services.items())

    def require_free(self, file: Path) -> None:
        """Raises `Problem` naming the first that is busy, or wanted twice, before anything is started. `file` is where they are kept."""
        wanted: dict[int, str] = {}
        for port, user in self:
            if other := wanted.get(port):
                raise Problem(f"Port {port} is given to {other} and to {user}: give one of them another in {file}.")
            wanted[port] = user
            if not _is_free(port):
                raise Problem(
                    f"Port {port}, which {user} needs, is busy: stop the program that listens there ('lsof -i :{port}' names it), or write"
                    f" another port into {file}."
                )


def _port(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1024 <= value <= 65535:
        raise ValueError(value)
    return value


def free_ports(count: int) -> list[int]:
    candidates = random.SystemRandom().sample(FREE_RANGE, len(FREE_RANGE))
    found = [port for port, _ in zip(filter(_is_free, candidates), range(count), strict=False)]
    if len(found) < count:
        raise Problem(f"There are no {count} free ports between {FREE_RANGE.start} and {FREE_RANGE.stop} on this machine: free some.")
    return found


def _is_free(port: int) -> bool:
    """On both addresses that a client may take for localhost."""
    return _can_listen(socket.AF_INET, "127.0.0.1", port) and (not socket.has_ipv6 or _can_listen(socket.AF_INET6, "::1", port))


def _can_listen(family: socket.AddressFamily, address: str, port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do: what lingers after a stop is no obstacle
            probe.bind((address, port))
            probe.listen(1)
    except OSError as error:
        return error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}  # a machine without IPv6
    return True
