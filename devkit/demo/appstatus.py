"""What the app says of its own work, over its status API with the function key.

By http.client, which knows no proxies: the app is on this machine, and so the key stays here."""

import http.client
import json
import urllib.parse
from contextlib import closing
from typing import Any

from devkit.demo.story import Change
from devkit.local.endpoints import App

PATIENCE = 30.0  # seconds, for one answer
LONGEST = 300  # characters of what the app says of a refusal


class NoAnswer(Exception):
    """Why, in a few words."""


class AppStatus:
    def __init__(self, app: App) -> None:
        self._app = app

    def instance_of(self, change: Change) -> str | None:
        """The run that `change` has started; None while there is none. Raises `NoAnswer`."""
        named = {"tag": change.tag} if change.tag else {"digest": change.digest}
        answer = self._get(f"/api/status?{urllib.parse.urlencode({'repository': change.repository, **named})}")
        wanted = {"action": change.action, "tag": change.tag, "digest": change.digest}
        return next((str(run["instance"]) for run in answer["runs"] if wanted == {name: run[name] for name in wanted}), None)

    def run(self, instance: str) -> dict[str, Any]:
        """Raises `NoAnswer`."""
        return self._get(f"/api/status/{urllib.parse.quote(instance, safe='')}")

    def _get(self, path: str) -> dict[str, Any]:
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self._app.url).netloc, timeout=PATIENCE)
        try:
            with closing(connection):
                connection.request("GET", path, headers={"x-functions-key": self._app.key})
                response = connection.getresponse()
                body = response.read()
            if response.status != 200:
                raise NoAnswer(f"the app answers {response.status}{_said(body)}")
            answer: dict[str, Any] = json.loads(body)
            return answer
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswer(f"the app does not answer: {type(error).__name__}") from None


def _said(body: bytes) -> str:
    """Its `error`, or the first line of what is no JSON of the app's."""
    text = body.decode(errors="replace").strip()
    try:
        said = str(json.loads(text)["error"])
    except (ValueError, LookupError, TypeError):
        said = text.partition("\n")[0]
    return f": {said[:LONGEST]}" if said else ""
