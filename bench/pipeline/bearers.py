"""Tokens of the kinds that the app uses, for whoever repeats its requests."""

import http.client
import json
import ssl
from urllib.parse import urlencode, urlsplit

from devkit.demo.registry import Connection
from tests.e2e.running import Json, Site


class Bearers:
    """Of a running stack, for one repository: each as an `Authorization` header has it."""

    def __init__(self, site: Site, repository: str) -> None:
        self._site = site
        self._repository = repository

    def of_registry(self, name: str) -> str:
        one = self._site.registries[name]
        query = urlencode({"service": one.login_server, "scope": f"repository:{self._repository}:pull,push"})
        with Connection(one, self._site.ends.ca) as connection:
            return f"Bearer {json.loads(connection.send('GET', f'/oauth2/token?{query}').body)['access_token']}"

    def of_arm(self, target: Json) -> str:
        """`target`: as the settings have it."""
        form = {
            "grant_type": "client_credentials",
            "client_id": target["clientId"],
            "client_secret": self._site.stack.app_settings[target["clientSecretSetting"]],
            "scope": f"{target['cloud']['armAudience']}/.default",
        }
        context = ssl.create_default_context(cafile=str(self._site.ends.ca))
        connection = http.client.HTTPSConnection(urlsplit(target["cloud"]["authority"]).netloc, context=context, timeout=10)
        try:
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", f"/{target['tenantId']}/oauth2/v2.0/token", urlencode(form), kind)
            return f"Bearer {json.loads(connection.getresponse().read())['access_token']}"
        finally:
            connection.close()
