"""`POST /api/reconcile`: compare all that the source or a target's scope holds, and bring it together. `{"targets": […]}` names some.

`POST /api/removals/{instance}`: an operator's word on a removal that waits for one, `{"goAhead": true}` or false."""

import json
import os
import re
import uuid
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from api.answers import answer, error
from api.blueprint import bp
from api.runs import decoded
from replication.instances import RECONCILE
from replication.mistakes import InvalidSettings
from replication.settings import Settings

PART = re.compile(r"[A-Za-z0-9._!:-]{1,150}~[a-f0-9]{16}~[a-z0-9~-]{1,80}")  # a target's part of a run
GO_AHEAD = "go_ahead"


@bp.route(route="reconcile", methods=["POST"])
@bp.durable_client_input(client_name="client")
async def start_reconcile(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    try:
        settings = Settings.parse(os.environ)
    except InvalidSettings as invalid:
        return error(f"The app's settings have {len(invalid.mistakes)} mistakes: {invalid}.", 503)
    body = _object(req.get_body())
    asked = None if body is None or body.keys() - {"targets"} else body.get("targets", list(settings.targets))
    if not isinstance(asked, list) or not asked or not set(map(str, asked)) <= set(settings.targets):
        return error(f'Name targets of the settings, as {{"targets": ["{next(iter(settings.targets))}"]}}, or send no body for all.', 400)
    instance = f"{RECONCILE}{uuid.uuid4().hex[:16]}"
    limits = {name: settings.limits_of(name).to_json() for name in asked}
    await client.start_new("reconcile", instance, {"targets": asked, "limits": settings.limits.to_json(), "own_limits": limits})
    return answer({"instance": instance, "status": f"/api/status/{instance}"}, 202)


@bp.route(route="removals/{instance}", methods=["POST"])
@bp.durable_client_input(client_name="client")
async def say_go_ahead(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """An event that comes before it is waited for would answer a question that nobody has read, so the state is looked at first."""
    instance, word = req.route_params["instance"], (_object(req.get_body()) or {}).get("goAhead")
    if not isinstance(word, bool):
        return error('Say {"goAhead": true} to have it removed, or false to keep it.', 400)
    status = await client.get_status(instance) if PART.fullmatch(instance) else None
    if not status or status.name != "converge_repository":
        return error("There is no such run: GET /api/status/{instance} tells the targets of a run; its part is {instance}~{target}.", 404)
    waiting = decoded(status.custom_status).get("waiting") or {}
    if status.runtime_status != df.OrchestrationRuntimeStatus.Running or waiting.get("reason") != "operator":
        return error("It waits for nobody's word.", 409)
    await client.raise_event(instance, GO_AHEAD, word)
    return answer({"instance": instance, "goAhead": word}, 202)


def _object(body: bytes) -> dict[str, Any] | None:
    """None for what is none; nothing at all is an empty one."""
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
