"""Whether a report is as it should be: nothing failed, and all that was skipped is expected."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from devkit.conformance.reasons import Reasons
from devkit.conformance.report import Report


def complaints(report: Report, reasons: Reasons) -> Iterator[str]:
    """None is what is wanted."""
    if report.exit_status:
        yield f"the suite ended with exit status {report.exit_status}"
    if not report.apis or not report.data:
        yield "the suite has not told of its APIs and data: it judged nothing"
    yield from (f"failed: {name}" for name in report.broken)
    if not report.broken and (failed := report.counts["fail"] + report.counts["error"]):
        yield f"{failed} failed, and none has a name"
    for name in report.skipped:
        if not any(fnmatchcase(name, pattern) for pattern in reasons.cases):
            yield f"skipped without a reason: {name}"
    for pattern in reasons.cases:
        if not any(fnmatchcase(name, pattern) for name in report.skipped):
            yield f"no case is skipped any more as {pattern}: take it out of reasons.py"
    yield from _unexpected("API", report.apis, reasons.apis)
    yield from _unexpected("data", report.data, reasons.data)


def explained(report: Report, reasons: Reasons) -> Mapping[str, Sequence[str]]:
    """All that was not judged, by its reason: cases with how often they came, then APIs and kinds of data."""
    found: dict[str, list[str]] = {}
    for name, times in Counter(report.skipped).items():
        for reason in [reason for pattern, reason in reasons.cases.items() if fnmatchcase(name, pattern)]:
            found.setdefault(reason, []).append(name.partition("/")[2] + (f" ({times} times)" if times > 1 else ""))
    for kind, states, expected in (("API", report.apis, reasons.apis), ("data", report.data, reasons.data)):
        for name, reason in expected.items():
            if states.get(name) != "Pass":
                found.setdefault(reason, []).append(f"{kind} {name!r}")
    return found


def _unexpected(kind: str, states: Mapping[str, str], expected: Mapping[str, str]) -> Iterator[str]:
    for name, state in states.items():
        if state != "Pass" and name not in expected:
            yield f"{kind} {name}: {state}, without a reason"
    for name in expected:
        if states.get(name) not in {"Skip", "Disabled"}:
            yield f"{kind} {name}: {states.get(name, 'not there')}, and not skipped: take it out of reasons.py"
