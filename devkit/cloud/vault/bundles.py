"""JSON of the vault's secrets: bodies in, bundles and pages out. Source: REST, `SecretSetParameters`, `SecretBundle`, `SecretItem`."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import urlencode

from aiohttp import web

from devkit.cloud.vault.refusals import bad_parameter
from devkit.cloud.vault.secrets import RETENTION_DAYS, Attributes, Deleted, Version

LARGEST_PAGE = 25  # REST: Get Secrets, maxresults
LARGEST_VALUE = 25 * 1024  # bytes: "About Azure Key Vault secrets"

LARGEST_NUMBER = 2**53  # what JSON's readers agree on, and more than a page or a second ever needs

Item = TypeVar("Item")


class Bundles:
    def __init__(self, url: str) -> None:
        """`url` of the vault, without a slash at its end."""
        self._url = url

    def secret(self, one: Version, *, value: bool = False, version: bool = True) -> dict[str, Any]:
        """With its value only for who gets or sets it; a list of secrets leaves the version out of the ids."""
        given = one.attributes
        times = {name: moment for name, moment in (("nbf", given.nbf), ("exp", given.exp)) if moment is not None}
        stamps = {"created": one.created, "updated": one.updated}
        attributes = {"enabled": given.enabled, **times, **stamps, "recoveryLevel": "Recoverable", "recoverableDays": RETENTION_DAYS}
        more = {name: found for name, found in (("contentType", given.content_type), ("tags", given.tags)) if found is not None}
        identity = f"{self._url}/secrets/{one.name}" + (f"/{one.version}" if version else "")
        return {**({"value": one.value} if value else {}), **more, "id": identity, "attributes": attributes}

    def deleted(self, one: Deleted, *, version: bool = True) -> dict[str, Any]:
        recovery = f"{self._url}/deletedsecrets/{one.latest.name}"
        dates = {"recoveryId": recovery, "deletedDate": one.at, "scheduledPurgeDate": one.purge}
        return {**dates, **self.secret(one.latest, version=version)}

    def page(self, request: web.Request, found: Sequence[Item], count: int, number_of: Callable[[Item], int], shown: Any) -> web.Response:
        """`found` is one more than `count`, if there are more."""
        link = None
        if len(found) > count:
            token = base64.urlsafe_b64encode(str(number_of(found[count - 1])).encode()).decode()
            query = {"api-version": request.query["api-version"], "$skiptoken": token, "maxresults": count}
            link = f"{self._url}{request.path}?{urlencode(query)}"
        return web.json_response({"value": [shown(one) for one in found[:count]], "nextLink": link})


def asked_page(request: web.Request) -> tuple[int, int]:
    """After which number, and how many. Raises `VaultRefusal`."""
    count, token = request.query.get("maxresults", str(LARGEST_PAGE)), request.query.get("$skiptoken")
    if not (count.isascii() and count.isdigit() and 1 <= int(count[:9]) <= LARGEST_PAGE):
        raise bad_parameter(f"maxresults should be between 1 and {LARGEST_PAGE}.")
    try:
        after = int(base64.urlsafe_b64decode(token)) if token else 0
        return min(after, LARGEST_NUMBER), int(count)
    except (ValueError, binascii.Error):
        raise bad_parameter("The skip token is invalid.") from None


async def body_of(request: web.Request) -> dict[str, Any]:
    """Raises `VaultRefusal`."""
    try:
        value = json.loads(await request.read())
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text: nothing could store or send it
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise bad_parameter("The request body is not a JSON object.")
    return value


def value_in(body: dict[str, Any]) -> str:
    """Raises `VaultRefusal`."""
    value = body.get("value")
    if not isinstance(value, str):
        raise bad_parameter("Property 'value' is required and must be a string.")
    if len(value.encode()) > LARGEST_VALUE:
        raise bad_parameter("The specified secret value is too long: the maximum is 25k bytes.")
    return value


def _is_moment(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_NUMBER


def attributes_in(body: dict[str, Any], known: Attributes) -> Attributes:
    """Whatever the body leaves out is as in `known`. Raises `VaultRefusal`."""
    given, tags, kind = body.get("attributes") or {}, body.get("tags", known.tags), body.get("contentType", known.content_type)
    if not isinstance(given, dict) or not isinstance(enabled := given.get("enabled", known.enabled), bool):
        raise bad_parameter("Property 'attributes' is invalid.")
    if tags is not None and not (isinstance(tags, dict) and all(isinstance(tag, str) for tag in tags.values())):
        raise bad_parameter("Property 'tags' must be an object of strings.")
    if kind is not None and not isinstance(kind, str):
        raise bad_parameter("Property 'contentType' must be a string.")
    times = {name: given.get(name, getattr(known, name)) for name in ("nbf", "exp")}
    if not all(moment is None or _is_moment(moment) for moment in times.values()):
        raise bad_parameter("Properties 'nbf' and 'exp' must be numbers of seconds.")
    return replace(known, content_type=kind, tags=tags, enabled=enabled, **times)
