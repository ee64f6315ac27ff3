"""What a request to the management API asks for: flags, and which instances, page by page.

Source: "HTTP API reference for Durable Functions", get status of all instances; HttpApiHandler in azure-functions-durable-extension."""

import base64
import logging
import re
from datetime import datetime

from aiohttp import web

from devkit.host.clock import moment_of
from devkit.host.durable.rows import STATUSES, Query

log = logging.getLogger("devkit.host")
NAMES = (*STATUSES, "ContinuedAsNew")
CONTINUATION = "x-ms-continuation-token"


def flag(request: web.Request, name: str, default: bool) -> bool:
    """What is neither true nor false counts as not given."""
    return {"true": True, "false": False}.get(request.query.get(name, "").strip().lower(), default)


def query_of(request: web.Request, top: int) -> Query:
    given = request.query
    return Query(
        prefix=given.get("instanceIdPrefix", ""),
        statuses=statuses_of(given.get("runtimeStatus", "")),
        created_from=_time(given.get("createdTimeFrom")),
        created_to=_time(given.get("createdTimeTo")),
        after=base64.urlsafe_b64decode(request.headers.get(CONTINUATION, "")).decode(),
        top=top,
    )


def next_page(id: str) -> dict[str, str]:
    """The header that asks for what comes after the instance `id`."""
    return {CONTINUATION: base64.urlsafe_b64encode(id.encode()).decode()}


def statuses_of(text: str) -> tuple[str, ...]:
    """Those of the names that Azure knows; it ignores the others, and so a misspelt filter finds, or purges, instances of any status."""
    names = list(filter(None, re.split(r"\s*,\s*", text)))
    if unknown := [name for name in names if name not in NAMES]:
        log.warning("no filter by the runtimeStatus %.200r, as in Azure: names are %s, in this case", unknown, ", ".join(NAMES))
    return tuple(name for name in names if name in NAMES)


def _time(text: str | None) -> datetime | None:
    return moment_of(text.replace(" ", "+")) if text else None  # the client does not encode the '+' of an offset
