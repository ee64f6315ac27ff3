"""The URLs of the management API, and what a `durableClient` parameter receives.

Source: "HTTP API reference for Durable Functions"; DurableOrchestrationBindings in azure-functions-durable."""

import json
from urllib.parse import quote

WEBHOOK = "/runtime/webhooks/durabletask"
RPC = "/durabletask"


def management(origin: str, hub: str, key: str, id: str) -> dict[str, str]:
    rest = f"taskHub={hub}&connection=Storage&code={quote(key)}"
    instance = f"{origin}{WEBHOOK}/instances/{quote(id, safe='')}"
    return {
        "id": id,
        "statusQueryGetUri": f"{instance}?{rest}",
        "sendEventPostUri": f"{instance}/raiseEvent/{{eventName}}?{rest}",
        "terminatePostUri": f"{instance}/terminate?reason={{text}}&{rest}",
        "purgeHistoryDeleteUri": f"{instance}?{rest}",
        "restartPostUri": f"{instance}/restart?{rest}",
        "suspendPostUri": f"{instance}/suspend?reason={{text}}&{rest}",
        "resumePostUri": f"{instance}/resume?reason={{text}}&{rest}",
    }


def client_payload(origin: str, hub: str, key: str) -> str:
    """JSON text; the client finds the RPC endpoint in it, which takes no key and is reachable from this machine alone."""
    code = f"code={quote(key)}"
    create = f"{origin}{WEBHOOK}/orchestrators/{{functionName}}[/{{instanceId}}]"
    rewind = f"{origin}{WEBHOOK}/instances/INSTANCEID/rewind?reason={{text}}&taskHub={hub}&connection=Storage&{code}"
    return json.dumps(
        {
            "taskHubName": hub,
            "creationUrls": {
                "createNewInstancePostUri": f"{create}?{code}",
                "createAndWaitOnNewInstancePostUri": f"{create}?timeout={{timeoutInSeconds}}&pollingInterval={{intervalInSeconds}}&{code}",
            },
            "managementUrls": management(origin, hub, key, "INSTANCEID") | {"rewindPostUri": rewind},
            "baseUrl": f"{origin}{WEBHOOK}",
            "requiredQueryStringParameters": code,
            "rpcBaseUrl": f"{origin}{RPC}/",
        }
    )
