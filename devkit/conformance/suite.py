"""The suite's program against one registry, with a person's password over TLS."""

import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

from devkit.conformance.reasons import VERSION, Answer
from devkit.conformance.report import Report
from devkit.local.child import kept_environment
from devkit.local.problem import Problem
from devkit.local.single import Single
from devkit.tools import tool

LASTS_AT_MOST = 600.0  # seconds; it takes five


def run_suite(cloud: Single, sha512: Answer, results: Path) -> Report:
    """`results` is where it leaves report.html, junit.xml and results.yaml. Raises `Problem`, `devkit.tools.Missing`."""
    results.mkdir(parents=True, exist_ok=True)
    junit = results / "junit.xml"
    junit.unlink(missing_ok=True)  # an earlier run's
    try:
        done = subprocess.run(
            [tool("conformance")],
            cwd=results,
            env={**kept_environment(), **_settings(cloud, sha512), "OCI_RESULTS_DIR": str(results)},
            stdout=subprocess.PIPE,
            timeout=LASTS_AT_MOST,
            check=False,
            text=True,
        )
    except subprocess.TimeoutExpired:
        raise Problem(f"the suite was not done after {LASTS_AT_MOST:g} seconds and was stopped: {results} has what it wrote.") from None
    (results / "output.txt").write_text(done.stdout)
    try:
        return Report.read(junit.read_bytes() if junit.exists() else b"<testsuites/>", done.stdout, done.returncode)
    except (ET.ParseError, ValueError) as error:
        raise Problem(f"the suite left a report that cannot be read ({error}): see {junit}, and output.txt beside it.") from None


def _settings(cloud: Single, sha512: Answer) -> dict[str, str]:
    """All of the version's defaults, and what it leaves out although ACR, and so a local cloud, has it."""
    return {
        "OCI_VERSION": VERSION,
        "OCI_REGISTRY": cloud.login_server,
        "OCI_USERNAME": cloud.user,
        "OCI_PASSWORD": cloud.password,
        "SSL_CERT_FILE": str(cloud.tls.ca),
        "OCI_API_BLOBS_UPLOAD_CANCEL": "true",
        "OCI_API_BLOBS_DIGEST_HEADER": "true",
        "OCI_API_MANIFESTS_DIGEST_HEADER": "true",
        "OCI_DATA_SHA512": str(sha512 == "accepted").lower(),
    }
