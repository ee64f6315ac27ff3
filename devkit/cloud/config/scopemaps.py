"""Scope maps: what a repository token may do, repository by repository (acr.md 3 [D]).

Source: docs, container-registry-token-based-repository-permissions. An action is `repositories/<name>/content/read` and so on; the only
wildcards are a name of `*` and a final `/*`."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from devkit.cloud.config.reading import text
from devkit.cloud.identities.rights import Right, Rights
from devkit.cloud.names import is_name

ACTIONS = {right.value: right for right in (Right.PULL, Right.PUSH, Right.DELETE, Right.METADATA_READ, Right.METADATA_WRITE)}
_ACTION = re.compile(r"repositories/(.+)/((?:content|metadata)/[a-z]+)")
SYSTEM: Mapping[str, Iterable[str]] = {  # acr.md 3: as exported templates list them
    "_repositories_pull": ("content/read",),
    "_repositories_pull_metadata_read": ("content/read", "metadata/read"),
    "_repositories_push": ("content/read", "content/write"),
    "_repositories_push_metadata_write": ("content/read", "content/write", "metadata/read", "metadata/write"),
    "_repositories_admin": tuple(ACTIONS),
}


def scope_maps(given: Iterable[Mapping[str, Any]]) -> Mapping[str, Rights]:
    """Those of the settings, `{"name", "actions"}`, beside the system's. Raises `KeyError` or `ValueError`."""
    found = {name: everywhere(actions) for name, actions in SYSTEM.items()}
    for one in given:
        name = text(one, "name")
        if name in found:
            raise ValueError(f"scopeMaps: there are two of the name {name}, or the system has it")
        found[name] = parsed(one["actions"])
    return found


def everywhere(actions: Iterable[str]) -> Rights:
    return parsed(f"repositories/*/{action}" for action in actions)


def parsed(actions: Iterable[str]) -> Rights:
    """Actions add up. Deleting a tag goes with deletion. Raises `ValueError`."""
    found: dict[str, set[Right]] = {}
    for action in actions:
        match = _ACTION.fullmatch(action)
        if match is None or match[2] not in ACTIONS:
            raise ValueError(f"{action!r} is no action of a scope map: want repositories/NAME/ and one of {', '.join(ACTIONS)}")
        if match[1] != "*" and not is_name(match[1].removesuffix("/*")):
            raise ValueError(f"{action!r} names no repository: a wildcard is all of the name, or a final /*")
        right = ACTIONS[match[2]]
        found.setdefault(match[1], set()).update({right, Right.UNTAG} if right is Right.DELETE else {right})
    return Rights({name: frozenset(rights) for name, rights in found.items()})
