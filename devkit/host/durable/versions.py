"""Which instances this host may run, by the version that each was started with.

Source: "Orchestration versioning in Durable Functions" (host.json: defaultVersion, versionMatchStrategy, versionFailureStrategy);
VersioningSettings and TaskOrchestrationDispatcher in DurableTask.Core, whose order of versions and whose text of a failure these are."""

import re
from dataclasses import dataclass
from typing import Literal

Match = Literal["None", "Strict", "CurrentOrOlder"]
OnMismatch = Literal["Reject", "Fail"]
MATCHES: tuple[Match, ...] = ("None", "Strict", "CurrentOrOlder")
ON_MISMATCH: tuple[OnMismatch, ...] = ("Reject", "Fail")
MISMATCH = "VersionMismatch: Orchestration version did not comply with Worker Versioning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """`default` is what a new instance gets, and what the versions of others are held against; None: none."""

    default: str | None = None
    match: Match = "CurrentOrOlder"
    on_mismatch: OnMismatch = "Reject"

    def admit(self, version: str | None) -> bool:
        """Whether an instance of `version` runs here. One of a version does not where there is no default: none is older than any."""
        match self.match:
            case "None":
                return True
            case "Strict":
                return (version or "") == (self.default or "")
            case _:
                return rank(version, self.default) <= 0

    def rejection(self, version: str | None) -> str:
        """Why an instance waits, and what to do, for the log."""
        return (
            f"its version {version or 'none'} does not go with this app's defaultVersion {self.default or 'none'} (host.json:"
            f" versionMatchStrategy {self.match}, versionFailureStrategy Reject). As in Azure it waits, without an end, until an app runs"
            " whose host.json takes it."
        )


def rank(one: str | None, other: str | None) -> int:
    """Below, at or above 0 as `one` is older than, equal to or newer than `other`. Without a version is older than any. What .NET takes
    for a version (two to four numbers) compares as numbers, anything else as text without regard to case: '9' is newer than '10'."""
    if not (one or "").strip() or not (other or "").strip():
        return bool((one or "").strip()) - bool((other or "").strip())
    numbers, others = _numbers(one or ""), _numbers(other or "")
    if numbers is not None and others is not None:
        return (numbers > others) - (numbers < others)
    text, other_text = (one or "").upper(), (other or "").upper()
    return (text > other_text) - (text < other_text)


def _numbers(text: str) -> tuple[int, ...] | None:
    """What is left out counts as less than 0: 1.0 is older than 1.0.0."""
    if not re.fullmatch(r"\s*\d+\s*(\.\s*\d+\s*){1,3}", text, re.ASCII):
        return None
    numbers = [int(number) for number in text.split(".")]
    return (*numbers, *[-1] * (4 - len(numbers)))
