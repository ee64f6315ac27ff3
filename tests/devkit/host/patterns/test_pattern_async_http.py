"""Start, 202 with where to look, look until 200."""

from urllib.parse import urlsplit

from tests.devkit.host.crash.nursery import Victim
from tests.devkit.host.patterns.outside import Outside
from tests.devkit.host.running import Answer, eventually

LINKS = {"id", "statusQueryGetUri", "sendEventPostUri", "terminatePostUri", "rewindPostUri", "purgeHistoryDeleteUri", "restartPostUri"}
LINKS |= {"suspendPostUri", "resumePostUri"}


def order(app: Victim, title: str) -> dict[str, str]:
    answer = app.call("POST", "/api/reports", {"title": title})
    assert answer.status == 202
    assert set(answer.json) == LINKS
    assert answer.headers["Location"] == answer.json["statusQueryGetUri"]
    assert answer.headers["Retry-After"] == "10"
    return dict(answer.json)


def look(app: Victim, url: str) -> Answer:
    """At a whole URL, as a client follows `Location`."""
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" == app.url.rstrip("/")
    return app.call("GET", f"{parts.path}?{parts.query}")


def test_the_status_url_outlives_a_kill_and_says_202_until_the_report_is_there(app: Victim, outside: Outside) -> None:
    outside.answer("/render/rough", {"pages": 7})
    outside.hold("/render/rough")
    app.port = urlsplit(app.url).port or 0  # the next process listens there too
    links = order(app, "rough")
    outside.await_request("/render/rough")
    for _ in range(2):
        answer = look(app, links["statusQueryGetUri"])
        assert (answer.status, answer.json["runtimeStatus"], answer.json["customStatus"]) == (202, "Running", "rendering rough")
        assert (answer.headers["Location"], answer.headers["Retry-After"]) == (links["statusQueryGetUri"], "5")
        if outside.times("/render/rough") == 1:
            app.kill()
            app.start()
            outside.await_request("/render/rough", 2)
    outside.release("/render/rough")
    done = eventually(lambda: (found := look(app, links["statusQueryGetUri"])).status == 200 and found, "the report")
    assert done.json["output"] == {"title": "rough", "pages": 7}
    assert (done.json["runtimeStatus"], done.json["customStatus"]) == ("Completed", "rendered rough")
    assert "Location" not in done.headers

    outside.answer("/render/twin", {"pages": 7})
    twin = order(app, "twin")["id"]
    assert app.ended(twin)["output"]["pages"] == 7
    assert outside.times("/render/twin") == 1
    assert [each["EventType"] for each in app.history(links["id"])] == [each["EventType"] for each in app.history(twin)]


def test_who_waits_gets_the_report_itself(app: Victim, outside: Outside) -> None:
    outside.answer("/render/quick", {"pages": 1})
    answer = app.call("POST", "/api/reports/now?patience=20000", {"title": "quick"})
    assert (answer.status, answer.json) == (200, {"title": "quick", "pages": 1})


def test_who_waits_too_shortly_is_told_where_to_look(app: Victim, outside: Outside) -> None:
    outside.answer("/render/slow", {"pages": 9})
    outside.hold("/render/slow")
    answer = app.call("POST", "/api/reports/now?patience=100", {"title": "slow"})
    assert (answer.status, set(answer.json)) == (202, LINKS)
    outside.release("/render/slow")
    assert app.ended(answer.json["id"])["output"]["pages"] == 9


def test_a_report_that_fails_is_an_answer_unless_an_error_is_asked_for(app: Victim, outside: Outside) -> None:
    outside.answer("/render/broken", {}, status=503)
    waited = app.call("POST", "/api/reports/now?patience=20000", {"title": "broken"})
    assert (waited.status, waited.json["runtimeStatus"]) == (500, "Failed")
    links = order(app, "broken")
    assert "503" in app.ended(links["id"])["output"]
    url = links["statusQueryGetUri"]
    assert [look(app, url).status, look(app, f"{url}&returnInternalServerErrorOnFailure=true").status] == [200, 500]
