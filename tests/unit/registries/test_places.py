"""At a target a repository may lie elsewhere: no request names it as the source does, and what is out of scope is asked for nowhere."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from devkit.tls import TlsFiles
from registries.manifests import Manifest
from registries.registry import Registry
from registries.target import place_of
from registries.tokens import Token
from registries.wire import Wire
from replication.failures import Failure, Refused
from replication.prefixes import Prefixes
from replication.references import Digest, Repository, Tag
from replication.scope import Scope
from tests.devkit.cloud.running import OCI_MANIFEST, Clouds, image
from tests.unit.registries.live import ABSENT, check_refusal, imports_client, source_of, target_client, target_of
from tests.unit.registries.scripted import scripted
from tests.unit.registries.sides import SIDE

APP = Repository("team/app")
MIRRORED = Scope(prefixes=Prefixes.parse({"team/": "mirror/of/"}))
PLACE = Repository("mirror/of/app")
DISALLOWED = Failure(kind="conflict", code="disallowed", doing=f"bring {PLACE}", said="405", hint="ask")
GIVEN: dict[str, Any] = {
    "reference": ABSENT,
    "digest": ABSENT,
    "tag": Tag("v1"),
    "actions": "delete",
    "manifest": None,
    "refused": DISALLOWED,
}
METHODS = [
    method
    for name, method in inspect.getmembers(Registry, inspect.iscoroutinefunction)
    if not name.startswith("_") and "repository" in inspect.signature(method).parameters
]


class NoTokens:
    """Remembers the scopes that it was asked for."""

    def __init__(self) -> None:
        self.scopes: list[str] = []

    async def get(self, scope: str) -> Token:
        self.scopes.append(scope)
        return Token.of("a token", 60)

    def forget(self, scope: str, token: Token) -> None: ...


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
async def test_whatever_is_asked_is_asked_at_its_place(tls: TlsFiles, clouds: Clouds, method: Callable[..., Any]) -> None:
    target, tokens = replace(target_of(clouds.target), scope=MIRRORED), NoTokens()
    parameters = [
        one.name for one in inspect.signature(method).parameters.values() if one.default is one.empty and one.name != "repository"
    ][1:]
    given = {name: GIVEN[name] for name in parameters} | ({"manifest": a_manifest()} if "manifest" in parameters else {})
    async with scripted(tls) as server:
        wire = Wire(server.host)
        registry = Registry(SIDE, wire, tokens, lambda repository: place_of(repository, target))
        try:
            await method(registry, repository=APP, **given)
        except Refused as refused:
            assert str(PLACE) in refused.failure.doing
        finally:
            await wire.close()
    assert tokens.scopes and all(scope.startswith(f"repository:{PLACE}:") for scope in tokens.scopes)
    assert all(f"/{PLACE}" in asked.target for asked in server.asked)


def a_manifest() -> Manifest:
    return Manifest.parse(image(b"layer"), OCI_MANIFEST)


async def test_an_import_takes_it_from_its_name_to_its_place(clouds: Clouds) -> None:
    digest = clouds.source.push_image("team/imported", "v1")
    target = replace(target_of(clouds.target), scope=MIRRORED)
    async with imports_client(target, source_of(clouds.source)) as imports, target_client(target) as (registry, _):
        state = await imports.begin(Repository("team/imported"), Digest.parse(digest))
        while state.operation is not None and state.state == "running":
            state = await imports.look_at(state.operation, Repository("team/imported"), Digest.parse(digest))
        assert state.state == "ended"
        assert str(await registry.resolve(Repository("team/imported"), Digest.parse(digest))) == digest
    assert clouds.target.registry("GET", f"/v2/mirror/of/imported/manifests/{digest}").status == 200
    assert clouds.target.registry("GET", f"/v2/team/imported/manifests/{digest}").status == 404


async def test_what_has_left_the_scope_since_is_asked_for_nowhere(clouds: Clouds) -> None:
    target = replace(target_of(clouds.target), scope=MIRRORED)
    before = len(clouds.target.control("GET", "requests"))
    async with imports_client(target, source_of(clouds.source)) as imports, target_client(target) as (registry, _):
        for attempt in (registry.resolve(Repository("web/app"), ABSENT), imports.begin(Repository("web/app"), ABSENT)):
            with pytest.raises(Refused) as refused:
                await attempt
            check_refusal(refused, "conflict", "settings_invalid")
    assert len(clouds.target.control("GET", "requests")) == before
