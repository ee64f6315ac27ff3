"""What the app says of its own work, over its status API with the function key."""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from devkit.demo.story import Change
from devkit.local.endpoints import App

PATIENCE = 30.0  # seconds, for one answer


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
        request = urllib.request.Request(f"{self._app.url}{path}", headers={"x-functions-key": self._app.key})  # noqa: S310 - our own URL
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:  # noqa: S310
                answer: dict[str, Any] = json.load(response)
                return answer
        except urllib.error.HTTPError as error:
            raise NoAnswer(f"the app answers {error.code}") from None
        except (OSError, ValueError) as error:
            raise NoAnswer(f"the app does not answer: {type(error).__name__}") from None
