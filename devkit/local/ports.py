"""Which port serves what: fixed ones for `make up` if it can have them, else free ones; both kept in the state folder, which so knows its
clouds."""

import errno
import os
import socket
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Self

from devkit.local.clouds import MOST_TARGETS, TARGETS_AT_FIRST, clouds_of
from devkit.local.files import read_object, write_private
from devkit.local.problem import Problem

SERVICES = ("entra", "arm", "registry", "control")
# Below the ports that systems lend to outgoing connections (Linux from 32768, macOS from 49152): otherwise one of those could sit on the
# port of a process that is down for a moment.
FREE_RANGE = range(20_000, 32_000)


@dataclass(frozen=True, slots=True)
class Ports:
    app: int
    clouds: Mapping[str, Mapping[str, int]]  # cloud -> service -> port; the source first, then the targets

    @classmethod
    def fixed(cls, targets: int = TARGETS_AT_FIRST) -> Self:
        """What a person can remember: registries from 5001 on, the app where Core Tools have it."""
        clouds = {
            cloud: {"entra": 5201 + 10 * place, "arm": 5202 + 10 * place, "registry": 5001 + place, "control": 5203 + 10 * place}
            for place, cloud in enumerate(_names(targets))
        }
        return cls(7071, clouds)

    @classmethod
    def free(cls, targets: int = TARGETS_AT_FIRST, *, beside: Collection[int] = ()) -> Self:
        """Ports that nobody listens on now, and none of `beside`."""
        names = _names(targets)
        found = iter(free_ports(1 + len(names) * len(SERVICES), beside))
        return cls(next(found), {cloud: {service: next(found) for service in SERVICES} for cloud in names})

    @classmethod
    def kept(cls, file: Path, targets: int | None = None, *, fixed: bool = False, hosted: bool = True) -> Self:
        """Those of `file`, for as many targets as it names; for more, or when there is no file, others are added and kept there.

        What is added are the fixed ports where `fixed` says so and nobody listens there, otherwise free ones. `hosted`: the app's port is
        looked at as well. Raises `Problem`, also for fewer targets than `file` names."""
        known = cls._read(file)
        held = 0 if known is None else known.targets
        wanted = targets or held or TARGETS_AT_FIRST
        if known is not None and wanted < held:
            raise Problem(
                f"{file.parent} holds {held} targets, and runs to each may be under way: leave the number of targets out to go on with all"
                f" of them, or name another folder for {wanted} ('python -m devkit' takes --state)."
            )
        if known is None or wanted > held:
            known = cls._with_more(known, wanted, fixed=fixed, hosted=hosted)
            known.keep(file)
        return known

    @classmethod
    def _with_more(cls, known: Self | None, targets: int, *, fixed: bool, hosted: bool) -> Self:
        clouds = {} if known is None else known.clouds
        taken = set() if known is None else {port for port, _ in known}
        more = cls.fixed(targets)
        added = {port for name, services in more.clouds.items() if name not in clouds for port in services.values()}
        if hosted and known is None:
            added.add(more.app)
        if not fixed or added & taken or not all(map(_is_free, added)):
            more = cls.free(targets, beside=taken)
        return cls(more.app if known is None else known.app, {**more.clouds, **clouds})

    @classmethod
    def _read(cls, file: Path) -> Self | None:
        value = read_object(file)
        if not value:
            return None
        names = [name for name in _names(MOST_TARGETS) if name in value]
        try:
            if len(names) < 2 or names != _names(len(names) - 1):
                raise KeyError(names)
            return cls(_port(value["app"]), {cloud: {service: _port(value[cloud][service]) for service in SERVICES} for cloud in names})
        except (KeyError, TypeError, ValueError):
            raise Problem(f"{file} does not name a port (1024 to 65535) for each service: correct it, or remove it.") from None

    def keep(self, file: Path) -> None:
        write_private(file, {"app": self.app, **self.clouds})

    @property
    def targets(self) -> int:
        return len(self.clouds) - 1

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Each port, and who wants it."""
        yield self.app, "the app"
        for cloud, services in self.clouds.items():
            yield from ((port, f"the {service} of the cloud {cloud}") for service, port in services.items())

    def require_free(self, file: Path, *, hosted: bool = True) -> None:
        """Raises `Problem` naming the first that is busy, or wanted twice, before anything is started. `file` is where they are kept;
        `hosted`: the app's too."""
        wanted: dict[int, str] = {}
        for port, user in self:
            if other := wanted.get(port):
                raise Problem(f"Port {port} is given to {other} and to {user}: give one of them another in {file}.")
            wanted[port] = user
            if not _is_free(port) and (hosted or port != self.app):
                raise Problem(
                    f"Port {port}, which {user} needs, is busy: stop the program that listens there ('lsof -i :{port}' names it), or write"
                    f" another port into {file}."
                )


def _names(targets: int) -> list[str]:
    return [cloud.name for cloud in clouds_of(targets)]


def _port(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1024 <= value <= 65535:
        raise ValueError(value)
    return value


def free_ports(count: int, beside: Collection[int] = ()) -> list[int]:
    """Ports that nobody listens on now, and none of `beside`. Each process looks from a place of its own on and never back: two that look
    at the same moment would else find the same ones, before either of them listens. Raises `Problem`."""
    candidates = islice(_CANDIDATES, len(FREE_RANGE))
    found = list(islice((port for port in candidates if port not in beside and _is_free(port)), count))
    if len(found) < count:
        raise Problem(f"There are no {count} free ports between {FREE_RANGE.start} and {FREE_RANGE.stop} on this machine: free some.")
    return found


def _from_a_place_of_its_own() -> Iterator[int]:
    """For ever round. Multiples of the golden ratio lie apart for process ids that are neighbours."""
    golden = (5**0.5 - 1) / 2
    place = int(os.getpid() * golden % 1 * len(FREE_RANGE))
    return cycle((*FREE_RANGE[place:], *FREE_RANGE[:place]))


_CANDIDATES = _from_a_place_of_its_own()


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
