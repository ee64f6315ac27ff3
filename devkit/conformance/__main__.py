"""`python -m devkit.conformance` judges a local cloud by the suite, once with each answer to what is not known of sha512.

Prints counts, and what was skipped and why. Exit status 1 if a case failed, or was skipped without a reason. The suite's own reports stay
in .conformance."""

import os
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import get_args

from devkit.conformance.judge import complaints, explained
from devkit.conformance.reasons import VERSION, Answer, Reasons, reasons
from devkit.conformance.report import COUNTED, Report
from devkit.conformance.suite import run_suite
from devkit.local.child import ROOT
from devkit.local.problem import Problem
from devkit.local.single import single_cloud
from devkit.tools import TOOLS, Missing

RESULTS = ROOT / ".conformance"


def judge() -> int:
    reports = {answer: _run(answer) for answer in get_args(Answer)}
    print(f"{TOOLS['conformance']}, distribution-spec {VERSION}\n")
    print(" " * 16 + "".join(f"{name:>10}" for name in COUNTED))
    for answer, report in reports.items():
        print(f"sha512 {answer:9}" + "".join(f"{report.counts[name]:10}" for name in COUNTED))
    print("One case may count twice: a tag's deletion is one count, that it is gone at once another.")
    wrong = []
    for answer, report in reports.items():
        expected = reasons(answer)
        _print_reasons(answer, report, expected)
        wrong += [f"sha512 {answer}: {complaint}" for complaint in complaints(report, expected)]
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"\nThe requests and answers of each case: {RESULTS}/*/report.html")
    return 1 if wrong else 0


def _run(answer: Answer) -> Report:
    with (
        tempfile.TemporaryDirectory(prefix="multi-cloud-publish-") as folder,
        single_cloud(Path(folder), unknowns={"sha512": answer}) as cloud,
    ):
        return run_suite(cloud, answer, RESULTS / f"sha512-{answer}")


def _print_reasons(answer: Answer, report: Report, expected: Reasons) -> None:
    print(f"\nNot judged, with sha512 {answer}:")
    for reason, names in explained(report, expected).items():
        print(textwrap.fill(f"{reason}: {', '.join(names)}", 120, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False))


def main() -> int:
    os.umask(0o077)  # the cloud's state holds secrets
    try:
        return judge()
    except (Problem, Missing) as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
