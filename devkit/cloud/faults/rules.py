"""A rule: which calls of which service suffer what, and how often."""

import random
import re
from dataclasses import dataclass
from typing import Any, Self

from devkit.cloud.faults.kinds import EVERYWHERE, Fault, fault_from_json
from devkit.cloud.faults.reading import parsed, shown

SERVICES = (*EVERYWHERE, "imports")


@dataclass(frozen=True, slots=True)
class _Form:
    """A rule's JSON, but for its fault."""

    service: str
    id: str | None = None
    method: str | None = None  # GET, or GET|HEAD
    path: str | None = None  # a regular expression for the whole decoded path; of an import, for repository@digest as it was asked for
    identity: str | None = None  # a token's name or a client id, as the caller claims
    holding: str | None = None  # in the request's body; not for the registry, whose bodies are large
    skip: int = 0  # so many pass first
    times: int | None = None
    chance: float | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    service: str
    methods: frozenset[str]  # none: any
    path: re.Pattern[str]
    fault: Fault
    form: _Form

    @classmethod
    def from_json(cls, value: Any, *, otherwise: str) -> Self:
        """`otherwise` is its id if it names none. Raises `ValueError`."""
        if not isinstance(value, dict):
            raise ValueError("a rule is an object: service, fault, and id, method, path, identity, holding, skip, times, chance, seed")
        form = parsed(_Form, {name: one for name, one in value.items() if name != "fault"}, "a rule (beside its fault)")
        if form.service not in SERVICES:
            raise ValueError(f"service is one of {', '.join(SERVICES)}")
        if form.chance is not None and (form.chance > 1 or form.seed is None):
            raise ValueError("chance is from 0 to 1, and needs a seed")
        if form.holding is not None and form.service == "registry":
            raise ValueError("holding is not for the registry: its calls are told by their paths")
        if form.service == "imports" and (form.method or form.identity or form.holding):
            raise ValueError("an import is told by its path alone: a regular expression for repository@digest, as it was asked for")
        try:
            path = re.compile(form.path or ".*", re.DOTALL)
        except re.error as error:
            raise ValueError(f"path is no regular expression: {error}") from None
        methods = frozenset(form.method.upper().split("|")) if form.method else frozenset[str]()
        return cls(form.id or otherwise, form.service, methods, path, fault_from_json(value.get("fault"), form.service), form)

    def fits(self, service: str, method: str, path: str) -> bool:
        """As far as the request line tells."""
        return (
            service == self.service
            and (not self.methods or method in self.methods)
            and self.path.fullmatch(path) is not None
            and self.fault.befalls(method, path)
        )

    def fires(self, matched: int, fired: int) -> bool:
        """At the match of that number, from 1, after so many that fired. Chance is the same for the same seed, whenever it is asked."""
        form = self.form
        if matched <= form.skip or (form.times is not None and fired >= form.times):
            return False
        return form.chance is None or random.Random(f"{form.seed} {matched}").random() < form.chance  # noqa: S311 - no secret

    def to_json(self) -> dict[str, Any]:
        return {**shown(self.form), "id": self.id, "fault": self.fault.to_json()}
