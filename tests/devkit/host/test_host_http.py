"""HTTP triggers, keys, and what the host answers beside the app's routes."""

import http.client
import json
from contextlib import closing
from urllib.parse import quote, urlsplit

import pytest

from tests.devkit.host.running import WEBHOOK, Host, eventually


def test_a_request_reaches_the_function_and_its_response_comes_back_whole(host: Host) -> None:
    answer = host.call("POST", "/api/HELLO/you/a%20b?q=1&empty=", body=b"text", headers={"x-one": "1"})
    assert answer.status == 201
    assert answer.json == {"route": {"name": "you", "rest": "a b"}, "query": {"q": "1"}, "body": "text", "header": "1"}
    assert answer.headers["X-Two"] == "2"
    assert answer.headers["Set-Cookie"] == "a=b"
    assert answer.headers["Content-Type"] == "application/json"


def test_a_returned_text_is_sent_as_text(host: Host) -> None:
    answer = host.call("GET", "/api/open")
    assert (answer.status, answer.body) == (200, b"open")
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize(
    "method, path",
    [
        pytest.param("GET", "/api/nowhere", id="no such route"),
        pytest.param("DELETE", "/api/open", id="another method"),
        pytest.param("GET", "/api/hello/4", id="a value that the route does not take"),
        pytest.param("GET", "/open", id="without the prefix"),
        pytest.param("GET", "/api/hello/you/a/b", id="a segment too many"),
    ],
)
def test_what_no_route_takes_is_not_found(host: Host, method: str, path: str) -> None:
    assert host.call(method, path).status == 404


def test_headers_of_up_to_32_kb_arrive(host: Host) -> None:
    assert host.call("GET", "/api/hello/you", headers={"X-One": "x" * 30_000}).json["header"] == "x" * 30_000


def test_whether_the_host_runs_can_be_asked(host: Host) -> None:
    assert (host.call("GET", "/").status, host.call("GET", "/admin/host/status").json["state"]) == (200, "Running")


def test_a_function_that_raises_is_a_500_without_a_body(host: Host) -> None:
    answer = host.call("GET", "/api/broken")
    assert (answer.status, answer.body) == (500, b"")
    assert "broken failed: RuntimeError: this text is for the log" in host.log.read_text()


def test_without_enforced_keys_everybody_may_call(host: Host) -> None:
    assert [host.call("GET", path).status for path in ("/api/hello/you", "/api/owner")] == [201, 200]


def test_with_enforced_keys_each_level_wants_its_key_or_the_masters(guarded: Host) -> None:
    function, master = guarded.keys["function"], guarded.keys["master"]
    assert guarded.call("GET", "/api/open").status == 200
    for path, given, status in [
        ("/api/hello/you", "", 401),
        ("/api/hello/you", "wrong", 401),
        ("/api/hello/you", "\xff", 401),
        ("/api/hello/you", function, 201),
        ("/api/hello/you", master, 201),
        ("/api/owner", function, 401),
        ("/api/owner", master, 200),
        (f"{WEBHOOK}/instances/", function, 401),
        (f"{WEBHOOK}/instances/", guarded.keys["durabletask_extension"], 200),
        (f"{WEBHOOK}/instances/", master, 200),
    ]:
        assert guarded.call("GET", path, headers={"x-functions-key": given}).status == status, path
        assert guarded.call("GET", f"{path}?code={quote(given, encoding='latin-1')}").status == status, path


def test_the_apps_own_client_needs_no_key(guarded: Host) -> None:
    assert guarded.client("get_status_by", instance_id_prefix="none") == []


def test_keys_are_kept_for_their_owner_alone_and_never_logged(guarded: Host) -> None:
    guarded.call("GET", f"/api/hello/you?code={guarded.keys['function']}")
    guarded.call("GET", f"/api/broken?code={guarded.keys['function']}")
    assert (guarded.folder / "state" / "keys.json").stat().st_mode & 0o777 == 0o600
    assert (guarded.folder / "state" / "host.db").stat().st_mode & 0o777 == 0o600
    log = guarded.log.read_text()
    assert not [name for name, key in guarded.keys.items() if key in log]


@pytest.mark.parametrize("path", ["/api/open", f"{WEBHOOK}/instances/"])
def test_another_hosts_name_is_refused_so_that_no_web_page_gets_in_by_its_dns(host: Host, path: str) -> None:
    assert host.call("GET", path, headers={"Host": "evil.example"}).status == 403


def test_another_sites_page_may_not_call_the_hosts_own_api(host: Host) -> None:
    for path in ("/durabletask/instances/", f"{WEBHOOK}/instances/", "/admin/functions/nightly"):
        assert host.call("GET", path, headers={"Origin": "https://evil.example"}).status == 403


def test_a_timer_trigger_runs_when_the_owner_asks(guarded: Host) -> None:
    assert guarded.call("POST", "/admin/functions/nightly", {}).status == 401
    assert guarded.call("POST", "/admin/functions/nightly", {}, headers={"x-functions-key": guarded.keys["master"]}).status == 202
    journal = guarded.folder / "work" / "journal"
    eventually(lambda: journal.exists() and "nightly False" in journal.read_text(), "the timer's run")


@pytest.mark.parametrize("kind, status", [("str", 200), ("dict", 500), ("none", 500), ("bytes", 500), ("tuple", 500), ("number", 500)])
def test_only_a_text_or_a_response_may_be_returned(host: Host, kind: str, status: int) -> None:
    assert host.call("GET", f"/api/answer/{kind}").status == status


def test_a_header_sent_twice_is_joined_and_a_body_without_a_length_arrives_empty(host: Host) -> None:
    connection = http.client.HTTPConnection(urlsplit(host.url).netloc)
    with closing(connection):
        connection.putrequest("POST", "/api/hello/you")
        for name, value in (("X-One", "1"), ("x-one", "2"), ("Transfer-Encoding", "chunked")):
            connection.putheader(name, value)
        connection.endheaders(b"text", encode_chunked=True)
        seen = json.loads(connection.getresponse().read())
    assert (seen["header"], seen["body"]) == ("1,2", "")
