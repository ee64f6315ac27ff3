"""What the suite reports is judged by what is expected of it: nothing fails, and nothing is skipped without a reason."""

from dataclasses import replace

import pytest

from devkit.conformance.judge import complaints, explained
from devkit.conformance.reasons import Reasons, reasons
from devkit.conformance.report import Report

JUNIT = b"""<testsuites tests="9" errors="1" failures="2" skipped="3" disabled="1"><testsuite name="OCI">
  <testcase name="OCI/a/pull" status="passed"/>
  <testcase name="OCI/a/push" status="failure"/>
  <testcase name="OCI/a/list" status="error"/>
  <testcase name="OCI/a/delete/tag-delete" status="skipped"/>
</testsuite></testsuites>"""
OUTPUT = """OCI Conformance Result: FAIL
  Pass..........................:          2

API conformance:
  Tag listing...................:       FAIL
  A name of thirty characters!!!:       Pass

Data conformance:
  Image.........................:       Pass
  Sparse Manifests..............:   Disabled

"""
EXPECTED = Reasons(cases={"*/tag-delete": "why"}, apis={"Tag delete": "why"}, data={})
GOOD = Report(0, {"fail": 0, "error": 0}, [], ["OCI/a/tag-delete", "OCI/a/tag-delete"], {"Tag delete": "Skip"}, {"Image": "Pass"})


def test_a_report_is_read_from_what_the_suite_writes() -> None:
    report = Report.read(JUNIT, OUTPUT, 1)
    assert report.counts == {"pass": 2, "fail": 2, "error": 1, "skip": 3, "disabled": 1, "total": 9}
    assert report.broken == ["OCI/a/push", "OCI/a/list"]
    assert report.skipped == ["OCI/a/delete/tag-delete"]
    assert report.apis == {"Tag listing": "FAIL", "A name of thirty characters!!!": "Pass"}
    assert report.data == {"Image": "Pass", "Sparse Manifests": "Disabled"}


def test_what_is_expected_is_told_with_its_reason() -> None:
    assert list(complaints(GOOD, EXPECTED)) == []
    assert explained(GOOD, EXPECTED) == {"why": ["a/tag-delete (2 times)", "API 'Tag delete'"]}


@pytest.mark.parametrize(
    "report, said",
    [
        pytest.param(replace(GOOD, exit_status=1), "exit status 1", id="the suite failed"),
        pytest.param(replace(GOOD, broken=["OCI/a/pull"]), "failed: OCI/a/pull", id="a case failed"),
        pytest.param(replace(GOOD, counts={"fail": 1, "error": 0}), "1 failed", id="a failure without a case"),
        pytest.param(replace(GOOD, skipped=[*GOOD.skipped, "OCI/b"]), "without a reason: OCI/b", id="a case was skipped"),
        pytest.param(replace(GOOD, skipped=[]), "take it out", id="a case passes that was expected to be skipped"),
        pytest.param(replace(GOOD, data={"Image": "Disabled"}), "data Image: Disabled", id="data was left out"),
        pytest.param(
            replace(GOOD, apis={"Tag delete": "Pass"}), "Tag delete: Pass, and not skipped", id="an API passes that was expected not to"
        ),
        pytest.param(replace(GOOD, data={}), "judged nothing", id="the suite did not come so far"),
    ],
)
def test_anything_else_is_complained_of(report: Report, said: str) -> None:
    assert said in "\n".join(complaints(report, EXPECTED))


def test_sha512_is_left_out_only_where_it_is_refused() -> None:
    assert reasons("refused").data.keys() - reasons("accepted").data.keys() == {"Blobs sha512", "Digest Algorithm sha512"}
