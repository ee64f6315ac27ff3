"""`ReplicationTargets`: a JSON list of targets. No secret is in it, only names of settings that hold one."""

import json
from collections.abc import Mapping
from typing import Any

from replication.claims import Claim
from replication.fields import Fields
from replication.mistakes import Mistakes
from replication.targetfields import parse_target
from replication.targets import Target

SETTING = "ReplicationTargets"
EXAMPLE = '[{"name": "china", "cloud": "china", …}]'
MOST = 100


class _Twice(Exception):
    pass


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Raises `_Twice`."""
    if len(value := dict(pairs)) < len(pairs):
        raise _Twice
    return value


def parse_targets(values: Mapping[str, str], mistakes: Mistakes) -> tuple[list[Target], list[Claim]]:
    """Those without a mistake, and what all claim."""
    try:
        listed = json.loads(values[SETTING], object_pairs_hook=_once)
    except _Twice:
        mistakes.add(SETTING, "has an object with two fields of one name, of which JSON would keep the last", EXAMPLE)
        return [], []
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        mistakes.add(SETTING, f"is not JSON{where}", EXAMPLE)
        return [], []
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST:
        mistakes.add(SETTING, f"is not a JSON list of 1 to {MOST} targets", EXAMPLE)
        return [], []
    targets, claims = list[Target](), list[Claim]()
    for number, one in enumerate(listed):
        where = f"{SETTING}[{number}]"
        if not isinstance(one, dict):
            mistakes.add(where, "is not an object", EXAMPLE.strip("[]"))
            continue
        target, claim = parse_target(Fields(where, one, mistakes), values)
        targets += [] if target is None else [target]
        claims += [] if claim is None else [claim]
    return targets, claims
