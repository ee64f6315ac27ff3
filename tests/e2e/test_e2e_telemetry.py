"""One trace from the delivery to the last request, as a collector receives it; figures and lines beside it; and a collector that hangs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from devkit.local.images import make_image
from tests.e2e.eventually import eventually
from tests.e2e.forms import forms
from tests.e2e.otlp import Receiver, Span, receiver
from tests.e2e.running import BOTH, Site
from tests.e2e.search import searched
from tests.e2e.traces import Trace, as_text, whole_trace

IMAGE = make_image("traced")
NO_PAUSE = {"OTEL_BSP_SCHEDULE_DELAY": "50", "OTEL_BLRP_SCHEDULE_DELAY": "50", "OTEL_METRIC_EXPORT_INTERVAL": "200"}
# Of a push to two targets, in a fresh process: what each step asks. Both targets' tokens are fetched, the pull token once.
PUBLISHED = """\
   orchestration:publish_to_target
    activity:authenticate_target > authenticate_target: POST entra 200, POST registry 200
    activity:look > look: HEAD registry 200, HEAD registry 404, HEAD registry 404, POST registry 200
    activity:start_import > start_import: POST arm 202, POST entra 200
    activity:verify_digest > verify_digest: HEAD registry 200
    activity:move_tag > move_tag: GET registry 200, POST registry 200, PUT registry 201
    activity:verify_digest > verify_digest: HEAD registry 200
    activity:look > look: HEAD registry 200, HEAD registry 200
"""
TREE = f"""\
on_image_event
 create_orchestration:replicate_image_event
  orchestration:replicate_image_event
   activity:fetch_source_token > fetch_source_token: GET registry 200
{PUBLISHED}{PUBLISHED}"""


@pytest.fixture(scope="module")
def collector() -> Iterator[Receiver]:
    with receiver() as here:
        yield here


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, collector: Receiver) -> Iterator[Site]:
    where = {"PYTHON_ENABLE_OPENTELEMETRY": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_EXPORTER_OTLP_TIMEOUT": "60"}
    for one in searched(Site(tmp_path_factory.mktemp("telemetry"), **where, **NO_PAUSE)):
        yield one
        collector.answers.set()
        assert not [name for name, secret in one.secrets.items() for form in forms(secret) if any(form in body for body in collector.raw)]


@dataclass(frozen=True)
class Pushed:
    run: str
    trace: Trace


@pytest.fixture(scope="module")
def pushed(site: Site, collector: Receiver) -> Pushed:
    run = site.push(IMAGE, "traced/app", "v1")
    site.ends_as(run, "replicated")
    return Pushed(run, whole_trace(site, collector, run))


def test_a_push_is_one_tree(pushed: Pushed, collector: Receiver) -> None:
    """Every span of the app has its parent, none was opened while an orchestrator was replayed, and none came twice."""
    assert as_text(pushed.trace) == TREE
    orphans = {one.name for one in pushed.trace.app if one.parent not in pushed.trace.parents}
    assert orphans <= {"on_image_event"}  # below the request of the webhook, which is the host's
    spans = [one.span for one in collector.spans()]
    assert len(spans) == len(set(spans))
    assert collector.services() == {"multi-cloud-publish"}


def test_a_span_names_what_it_is_about(pushed: Pushed) -> None:
    for step in (one for one in pushed.trace.app if one.kind == "internal"):
        assert (step.attributes["oci.repository"], step.attributes["oci.tag"] if step.name == "look" else "v1") == ("traced/app", "v1")
        assert step.name in ("on_image_event", "fetch_source_token") or step.attributes["cloud.target"] in BOTH
        assert step.attributes.get("oci.digest", IMAGE.digest) == IMAGE.digest
    told = {name for one in pushed.trace.app if one.kind == "client" for name in one.attributes}
    assert told == {"http.request.method", "http.response.status_code", "server.address", "server.port", "replication.service"}


@pytest.mark.usefixtures("pushed")
def test_figures_tell_how_runs_ended_and_what_they_asked(collector: Receiver) -> None:
    def counted(name: str) -> dict[Any, Any]:
        return {tuple(sorted(labels.items())): point for labels, point in collector.figures(name)}

    ended = {(("outcome", "replicated"), ("target", name)) for name in BOTH}
    outcomes = eventually(lambda: counted("replication.outcomes"), lambda found: found.keys() >= ended)
    assert [outcomes[one].as_int for one in ended] == [1, 1]
    assert all(0 < point.sum < 60 and point.count == 1 for labels, point in counted("replication.lag").items() if labels in ended)
    assert {labels for labels, _ in ((dict(one)["target"], 0) for one in counted("import.duration"))} == set(BOTH)
    asked = {(labels["service"], labels["status_class"]) for labels, _ in collector.figures("registry.requests")}
    assert asked >= {("registry", "2xx"), ("registry", "4xx"), ("arm", "2xx"), ("entra", "2xx")}


def test_each_change_of_state_is_one_line(pushed: Pushed, collector: Receiver) -> None:
    told = eventually(collector.lines, lambda lines: sum(text.startswith("ended") for text, _ in lines) >= 2)
    mine = [(text.split()[0], given["cloud.target"]) for text, given in told if given.get("oci.repository") == "traced/app"]
    assert sorted(mine) == sorted((what, name) for what in ("start_import", "move_tag", "ended") for name in BOTH)
    assert [text for text, given in told if given.get("durabletask.task.instance_id") == pushed.run and text.startswith("started")]


def test_what_waits_is_counted_from_the_store(site: Site, collector: Receiver) -> None:
    run = site.push(make_image("waits"), "traced/untagged")
    site.running(run, "waiting for an index that lists it")
    site.run_by_hand("count_runs")
    labels = {name: {"orchestration": "publish_to_target", "target": name} for name in BOTH}

    def found() -> list[Any]:
        return [dict(named) for figure in ("replication.in_flight", "replication.waiting") for named, _ in collector.figures(figure)]

    wanted = [*labels.values(), *({**one, "reason": "index"} for one in labels.values()), {"orchestration": "replicate_image_event"}]
    eventually(found, lambda told: all(one in told for one in wanted))


def test_a_collector_that_hangs_keeps_no_run_waiting(site: Site, collector: Receiver) -> None:
    collector.answers.clear()
    run = site.push(IMAGE, "traced/hanging", "v1")
    site.ends_as(run, "replicated")
    eventually(lambda: collector.unanswered, lambda waiting: waiting > 0)
    assert not [one for one in collector.spans() if one.attributes.get("oci.repository") == "traced/hanging"]
    collector.answers.set()
    assert len(whole_trace(site, collector, run).app) > 10


def test_a_trace_goes_on_after_kill_9(site: Site, collector: Receiver) -> None:
    """What the killed process had not sent yet is lost; what comes after hangs where it belongs."""
    run = site.push(IMAGE, "traced/killed", "v1")
    begun = eventually(lambda: named(collector, "start_import", "traced/killed"), lambda found: len(found) == len(BOTH))
    site.stack.host.kill()
    site.stack.host.start()
    site.ends_as(run, "replicated")
    moved = eventually(lambda: named(collector, "look", "traced/killed"), lambda found: len({one.span for one in found}) >= 2 * len(BOTH))
    assert {one.trace for one in (*begun, *moved)} == {begun[0].trace}
    (root,) = named(collector, "on_image_event", "traced/killed")
    trace = Trace.so_far(site, collector, root.trace)
    assert all(root.span in trace.ancestors(one.span) for one in (*begun, *moved))


def named(collector: Receiver, name: str, repository: str) -> list[Span]:
    return [one for one in collector.spans() if one.name == name and one.attributes.get("oci.repository") == repository]
