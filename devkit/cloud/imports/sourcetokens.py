"""How an import proves to its source who it is. The credentials go to the source's own host and nowhere else.

A user name and a password are a repository token, an application or the admin account: Basic, at the token endpoint that the source names.
A password alone is an Entra access token for the source (acr.md 2.1): the exchange makes a refresh token of it, and that gets the token.
Sources: distribution documentation, "Token Authentication Specification"; Azure/acr docs/AAD-OAuth.md."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from devkit.cloud.imports.request import ImportRequest
from devkit.cloud.imports.sourceanswers import SourceBroken, SourceRefused, bounded, raise_if_refused, require_success, said

_PARAMETER = re.compile(r'([a-z]+)="([^"]*)"')


class SourceTokens:
    def __init__(self, request: ImportRequest) -> None:
        self._host = request.login_server
        self._scope = f"repository:{request.repository}:pull"
        self._username, self._password = request.username, request.password

    async def fetch(self, session: aiohttp.ClientSession, challenge: str) -> str:
        """An access token. `challenge` is the WWW-Authenticate of the refusal. Raises `SourceRefused`, `SourceDenied`, `SourceBroken`."""
        parameters = dict(_PARAMETER.findall(challenge))
        realm = urlsplit(parameters.get("realm", ""))
        if realm.scheme != "https" or realm.netloc.lower() != self._host.lower():
            raise SourceRefused("the source names a token endpoint that is not its own")
        asked = {"service": parameters.get("service", ""), "scope": self._scope}
        if not self._username:
            refresh = await self._post(session, "exchange", {"grant_type": "access_token", "access_token": self._password, **asked})
            answer = await self._post(
                session, "token", {"grant_type": "refresh_token", "refresh_token": str(refresh.get("refresh_token")), **asked}
            )
        else:
            basic = base64.b64encode(f"{self._username}:{self._password}".encode()).decode()
            headers = {"Authorization": f"Basic {basic}"}
            async with session.get(realm.geturl(), params=asked, headers=headers, allow_redirects=False) as response:
                answer = await _answer(response)
        return str(answer.get("access_token") or answer.get("token"))

    async def _post(self, session: aiohttp.ClientSession, what: str, form: Mapping[str, str]) -> Mapping[str, Any]:
        async with session.post(f"https://{self._host}/oauth2/{what}", data=form, allow_redirects=False) as response:
            return await _answer(response)


async def _answer(response: aiohttp.ClientResponse) -> Mapping[str, Any]:
    await raise_if_refused(response)
    if response.status == 400:
        raise SourceRefused(await said(response))
    require_success(response)
    try:
        answer = json.loads(await bounded(response, 256 * 1024))
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not all(isinstance(value, str) and value.isprintable() for value in _tokens(answer)):
        raise SourceBroken("a token endpoint that answers no token")
    return answer


def _tokens(answer: Mapping[str, Any]) -> list[Any]:
    found = [answer[name] for name in ("access_token", "token", "refresh_token") if name in answer]
    return found or [None]
