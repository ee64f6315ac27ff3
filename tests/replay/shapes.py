"""Inputs and answers as they travel, short to write."""

from typing import Any

from replication.failures import Failure, Kind
from replication.limits import Limits

Json = dict[str, Any]
OLD, NEW, THIRD = (f"sha256:{'0' * 63}{number}" for number in (1, 2, 3))
T0_TEXT = "2026-01-01T00:00:00+00:00"
IN, OK = {"valid_for": 3000}, {"verified": True, "missing": [], "manifests": 1}
ENDED = {"state": "ended", "generation": "g1"}
WHOLE = {"gone": False, "lacks": []}
MOVED = {"state": "moved"}
NO_IMPORTS = {"generations": [], "retry_after": 10}
USUAL: Json = {  # where all goes well
    "authenticate_target": IN,
    "verify_digest": OK,
    "move_tag": MOVED,
    "examine_source": WHOLE,
    "open_imports": NO_IMPORTS,
    "delete_artifact": {"state": "deleted"},
    "remove_tag": {"state": "untagged"},
}


def work(*, tag: str | None = "v1", digest: str = NEW, removing: bool = False, limits: Limits | None = None) -> Json:
    """The input of `publish_to_target`."""
    named = {"target": "china", "repository": "team/app", "tag": tag, "digest": digest, "removing": removing}
    return {"work": named, "limits": (limits or Limits()).to_json(), "began": T0_TEXT}


def event(action: str = "push", *, tag: str | None = "v1", digest: str | None = NEW, targets: tuple[str, ...] = ("china", "usgov")) -> Json:
    """The input of `replicate_image_event`."""
    named = {"action": action, "repository": "team/app", "tag": tag, "digest": digest}
    return {"event": named, "targets": list(targets), "limits": Limits().to_json()}


def seen(source: tuple[str | None, bool], target: tuple[str | None, bool], *, index: bool = False, unclaimed: bool = False) -> Json:
    """(what the tag means, whether the event's digest is there) at the source and at the target."""
    sides = [{"tagged": tagged, "has_digest": has} for tagged, has in (source, target)]
    return {"source": sides[0], "target": sides[1], "index": index, "unclaimed": unclaimed}


def around(*members: Json, spares: str | None = None, **tags: tuple[str | None, str | None]) -> Json:
    """`tags`: what each means at the source and at the target."""
    meanings = [{"tag": tag, "source": source, "target": target} for tag, (source, target) in tags.items()]
    return {"members": list(members), "tags": meanings, "spares": spares}


def member(digest: str, *, source: bool, target: bool, subject: str | None = None) -> Json:
    return {"digest": digest, "source": source, "target": target, "index": False, "subject": subject, "bound": False, "wanted": True}


def lacking(*missing: str) -> Json:
    return {"verified": False, "missing": list(missing) or [NEW], "manifests": 1}


def running(retry_after: float = 10, operation: str | None = "/subscriptions/s/operationResults/registries-1?t=1") -> Json:
    return {"state": "running", "operation": operation, "retry_after": retry_after, "generation": "g1"}


def failed(kind: Kind, code: Any = "unreachable", retry_after: float | None = None) -> Json:
    failure = Failure(kind=kind, code=code, doing="do it", said="no", hint="mend it", retry_after=retry_after)
    return {"failure": failure.to_json()}
