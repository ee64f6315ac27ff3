"""The steps as the worker calls them, between two local clouds."""

import asyncio
import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from registries import connections as kept
from tests.devkit.cloud.running import Clouds
from tests.unit.activities.calling import TARGETS, Call


@pytest.fixture
def call(clouds: Clouds, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Call:
    """An activity by name, with the settings in the environment."""
    source, target = clouds.source.config, clouds.target.config
    pull = next(token for token in source["registry"]["tokens"] if token["name"] == "pull")
    principal = target["principals"][0]
    cloud = {
        "authority": clouds.target.url("entra"),
        "resourceManager": clouds.target.url("arm"),
        "armAudience": target["armAudience"],
        "acrAudience": target["acrAudience"],
        "loginServerSuffix": "azurecr.cn",
    }
    listed = {
        "name": "china",
        "cloud": cloud,
        "registry": target["registry"]["id"],
        "loginServer": target["registry"]["loginServer"],
        "tenantId": target["tenantId"],
        "clientId": principal["clientId"],
        "clientSecretSetting": "ChinaClientSecret",
    }
    listed |= {"tags": {"exclude": ["draft-*"]}, "mediaTypes": {"exclude": ["application/vnd.docker.*"]}}
    settings = {
        "SourceACRResourceId": source["registry"]["id"],
        "SourceACRLoginServer": source["registry"]["loginServer"],
        "SourceACRPullTokenName": pull["name"],
        "SourceACRPullTokenPassword": pull["password"],
        TARGETS: json.dumps([listed]),
        "ChinaClientSecret": principal["clientSecret"],
        "ReplicationStore": f"sqlite://{tmp_path / 'ledger.db'}",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    def call(name: str, repository: str, digest: str, tag: str | None = None, *, removing: bool = False, **more: Any) -> dict[str, Any]:
        function = getattr(importlib.import_module(f"activities.{name}"), name).build().get_user_function()
        given: dict[str, Any] = {"target": "china", "repository": repository, "tag": tag, "digest": digest, "removing": removing, **more}
        if name == "fetch_source_token":
            given = {"repository": repository, "tag": tag, "targets": ["china"]}

        async def once() -> dict[str, Any]:
            try:
                answer: dict[str, Any] = await function(given)
                return answer
            finally:
                await kept.connections().close()

        return asyncio.run(once())

    return call
