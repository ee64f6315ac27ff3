"""What the suite reports: junit.xml has its counts and cases, its standard output the state of each API and kind of data."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

COUNTED = ("pass", "fail", "error", "skip", "disabled", "total")
_LINE = re.compile(r"  (.+?)\.*: +(\w+)")


@dataclass(frozen=True, slots=True)
class Report:
    exit_status: int
    counts: Mapping[str, int]  # by the names of COUNTED; one case may count twice
    broken: Sequence[str]  # the names of cases that failed, or could not be judged
    skipped: Sequence[str]  # of those that were skipped or disabled
    apis: Mapping[str, str]  # name -> Pass, Skip, Disabled, FAIL, Error
    data: Mapping[str, str]

    @classmethod
    def read(cls, junit: bytes, output: str, exit_status: int) -> Self:
        suites = ET.fromstring(junit)  # noqa: S314 - written by a program of ours, of a pinned version
        numbers = {name: int(suites.get(key, 0)) for name, key in _KEYS.items()}
        passed = numbers["total"] - sum(number for name, number in numbers.items() if name != "total")
        cases = [(case.get("name", ""), case.get("status", "")) for case in suites.iter("testcase")]
        return cls(
            exit_status=exit_status,
            counts={"pass": passed, **numbers},
            broken=[name for name, status in cases if status not in {"passed", "skipped"}],
            skipped=[name for name, status in cases if status == "skipped"],
            apis=_table(output, "API conformance:"),
            data=_table(output, "Data conformance:"),
        )


_KEYS = {"fail": "failures", "error": "errors", "skip": "skipped", "disabled": "disabled", "total": "tests"}


def _table(output: str, title: str) -> dict[str, str]:
    """The lines below `title`, up to the next that is empty."""
    lines = output.partition(f"\n{title}\n")[2].partition("\n\n")[0].splitlines()
    return {match[1]: match[2] for line in lines if (match := _LINE.fullmatch(line))}
