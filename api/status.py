"""`GET /api/status?repository=…&tag=…` (or `digest=`): is it everywhere, and what did the latest runs do?

`GET /api/status/{instance}`: one run, target by target."""

import os
import re

import azure.durable_functions as df
import azure.functions as func

from api.answers import answer, error
from api.blueprint import bp
from api.holdings import holdings
from api.runs import latest_runs, whole_reconciliation, whole_run
from registries.connections import Connections, connections
from replication.instances import RECONCILE, REJECTED, is_run
from replication.mistakes import InvalidSettings
from replication.references import InvalidReference, Repository, optional_digest, optional_tag
from replication.settings import Settings
from replication.unknownsettings import unknown_settings

# Those of this app. The client puts an id into a URL as it is, where '.' would be the list of all instances.
INSTANCE = re.compile(r"[A-Za-z0-9._!:-]{1,150}~[a-z0-9~-]{1,64}")
USAGE = "Ask for ?repository=team/app&tag=v1, or ?repository=team/app&digest=sha256:…"


@bp.route(route="status", methods=["GET"])
@bp.durable_client_input(client_name="client")
async def get_status(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    try:
        repository = Repository.parse(req.params.get("repository", ""))
        tag, digest = optional_tag(req.params.get("tag")), optional_digest(req.params.get("digest"))
    except InvalidReference as invalid:
        return error(f"{invalid}. {USAGE}", 400)
    reference = tag if tag is not None else digest
    if reference is None or (tag is not None and digest is not None):
        return error(f"Name either a tag or a digest. {USAGE}", 400)
    try:
        Settings.parse(os.environ)  # for all mistakes; a run is told the first
        here = connections()
    except InvalidSettings as invalid:
        return error(f"The app's settings have {len(invalid.mistakes)} mistakes: {invalid}.", 503)
    named = {"repository": str(repository), "tag": tag and str(tag), "digest": digest and str(digest)}
    told = {**named, **await holdings(here, repository, reference), "gaps": gaps(here)}
    return answer({**told, **await latest_runs(client, repository, tag, digest)})


def gaps(here: Connections) -> list[str]:
    """What the settings leave undone, for people."""
    unlisted = (
        "SourceListingIdentity is not set: which tags a digest has at the source is not asked; only those that a target knows are compared"
    )
    unread = [f"{one.setting} {one.wrong}" for one in unknown_settings(os.environ)]
    return [*([] if here.source_listing is not None else [unlisted]), *unread]


@bp.route(route="status/{instance}", methods=["GET"])
@bp.durable_client_input(client_name="client")
async def get_run_status(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    instance = req.route_params["instance"]
    named = INSTANCE.fullmatch(instance) and (is_run(instance) or instance.startswith(REJECTED))
    look = whole_reconciliation if instance.startswith(RECONCILE) else whole_run
    run = await look(client, instance) if named else None
    if run is None:
        return error("There is no such run: GET /api/status?repository=…&tag=… lists the latest ones of a tag.", 404)
    return answer(run)
