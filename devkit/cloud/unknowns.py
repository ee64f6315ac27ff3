"""What is not known of Azure: each a switch with both answers, so that the app can be tested against either.

The fact sheet of the services (acr.md in docs/devkit.md's list of evidence) marks these `[?]`: undocumented, or the sources disagree. The
first answer is the default. The settings file's `unknowns` and `PUT /control/unknowns` set them, by their names in camelCase."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, Self, get_args, get_type_hints

from devkit.cloud.database import Database
from devkit.cloud.kept import Kept


@dataclass(frozen=True, slots=True)
class Unknowns:
    """The comments name the section of acr.md."""

    repository_delete_events: Literal["one", "each"] = "one"  # 1.1: one event without a digest, or one for each manifest
    import_events: Literal["none", "pushed"] = "none"  # 1.1: does an import into the registry make push events
    cascade_events: Literal["none", "each"] = "none"  # 5: do referrers that go with their subject make delete events
    forbidden_delivery: Literal["retried", "final"] = "retried"  # 1.4: an endpoint's 403; the documentation of 2026 counts it as final
    oversized_index: Literal["poll", "post"] = "poll"  # 2.3: where an image of more than 50 manifests is refused
    failed_import_status: Literal["400", "409"] = "400"  # 2.2, 9: HTTP status of a poll that tells of a failure
    foreign_layers: Literal["left", "copied", "refused"] = "left"  # 2.4.4: what an import does with non-distributable layers
    force_over_lock: Literal["moved", "refused"] = "moved"  # 2.3, 9: a Force import onto a tag that is write-locked
    missing_scope: Literal["call", "token"] = "call"  # 3: whether a token without a right is given and its call refused, or no token
    lock_status: Literal["405", "403", "409"] = "405"  # 5: how a locked tag or manifest is refused
    foreign_entra_issuer: Literal["refused", "accepted"] = "refused"  # 4.3: federated assertions that another cloud's Entra has issued
    acr_audience: Literal["both", "acr", "arm"] = "both"  # 4.4: which audience the exchange accepts in this cloud
    operation_read_right: Literal["free", "needed"] = "free"  # 7.1: does polling need locations/operationResults/read
    untag_right: Literal["delete", "metadata_write"] = "delete"  # 5: which scope the untag call asks for
    blob_redirect: Literal["none", "data_endpoint"] = "none"  # 5: 200, or 307 to a data endpoint
    sha512: Literal["refused", "accepted"] = "refused"  # 5: digests by other algorithms than sha256
    retry_after: Literal["sent", "absent"] = "sent"  # 2.2: on a 202 of an import; absent in one recording

    @classmethod
    def from_json(cls, value: Mapping[str, Any], *, other: "Unknowns | None" = None) -> Self:
        """Whatever `value` leaves out is as in `other`. Raises `ValueError` naming the switch and its answers."""
        known = {_camel(one.name): one.name for one in fields(cls)}
        hints = get_type_hints(cls)
        found = {_camel(one.name): getattr(other or cls(), one.name) for one in fields(cls)} | dict(value)
        for name, answer in value.items():
            if name not in known:
                raise ValueError(f"unknowns: there is no {name!r}; there are {', '.join(known)}")
            if answer not in (answers := get_args(hints[known[name]])):
                raise ValueError(f"unknowns: {name} is one of {', '.join(answers)}")
        return cls(**{known[name]: answer for name, answer in found.items()})

    def to_json(self) -> dict[str, str]:
        return {_camel(one.name): getattr(self, one.name) for one in fields(self)}


class Switches:
    """How they stand now."""

    def __init__(self, database: Database, configured: Unknowns) -> None:
        self._kept = Kept(database, "unknowns", configured.to_json())
        self._now = Unknowns.from_json(self._kept.get())

    @property
    def now(self) -> Unknowns:
        return self._now

    def set(self, value: Mapping[str, Any]) -> None:
        """Those of `value`; the others stay. Raises `ValueError`."""
        self._now = Unknowns.from_json(value, other=self._now)
        self._kept.set(self._now.to_json())


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
