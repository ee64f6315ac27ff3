"""The settings file of each cloud (docs/decisions.md, 1.1)."""

from typing import Any

from devkit.local.child import ROOT
from devkit.local.clouds import ACR_AUDIENCE, PERSON, PULL_TOKEN, SOURCE, CloudFacts
from devkit.local.layout import Layout

REPLICATION_ROLE = f"{ROOT / 'infra' / 'role.json'}#rbac"  # what a deployed target gives the app


def cloud_settings(facts: CloudFacts, layout: Layout, events_to: str) -> dict[str, Any]:
    """`events_to`: where the source's events go."""
    ports, secrets = layout.ports.clouds[facts.name], layout.secrets
    tokens = [{"name": PERSON, "password": secrets[f"{facts.name}/{PERSON}"], "actions": ["*"]}]
    principals, endpoint = [], None
    if facts is SOURCE:
        tokens.append({"name": PULL_TOKEN, "password": secrets[f"source/{PULL_TOKEN}"], "actions": ["content/read"]})
        endpoint = events_to
    else:
        secret = secrets[f"{facts.name}/client-secret"]
        principals.append({"clientId": facts.client_id, "clientSecret": secret, "roles": [REPLICATION_ROLE]})
    return {
        "name": facts.name,
        "state": str(layout.folder / "clouds" / facts.name),
        "controlKey": secrets[f"{facts.name}/control-key"],
        "tls": {"certificate": str(layout.tls.certificate), "key": str(layout.tls.key), "ca": str(layout.tls.ca)},
        "ports": dict(ports),
        "azureCloud": facts.azure,
        "tenantId": facts.tenant_id,
        "armAudience": facts.arm_audience,
        "acrAudience": ACR_AUDIENCE,
        "registry": {"id": facts.registry_id, "loginServer": f"localhost:{ports['registry']}", "tokens": tokens},
        "principals": principals,
        "imports": {"latencySeconds": 0, "bytesPerSecond": 50_000_000},
        "eventSubscription": endpoint and {"endpoint": endpoint},
        "clockScale": 1,
    }


def event_endpoint(layout: Layout, key: str | None) -> str:
    """The Core Tools ask for no key (acr.md 1.4)."""
    url = f"http://127.0.0.1:{layout.ports.app}/runtime/webhooks/EventGrid?functionName=on_image_event"
    return url if key is None else f"{url}&code={key}"
