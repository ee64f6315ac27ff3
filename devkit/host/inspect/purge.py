"""Remove instances: through the host while it runs, else from the file, which no host can use meanwhile."""

import http.client
import json
from contextlib import closing
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

from devkit.host.clock import stamp
from devkit.host.durable.file import reading
from devkit.host.durable.links import WEBHOOK
from devkit.host.durable.rows import ENDED, Instance, Query
from devkit.host.durable.store import Store
from devkit.host.keys import Keys
from devkit.host.owner import own, running_at
from devkit.host.problem import Problem

ALL = 1 << 30


def purge(path: Path, id: str | None, ended_before: datetime | None) -> int:
    """How many went: one of this id, whatever it does, or all that ended before. Raises `Problem`."""
    if (url := running_at(path.parent)) is None:
        with closing(own(path.parent)), closing(Store(path)) as store, store.transaction():
            going = chosen(store, id, ended_before)
            for each in going:
                store.remove(each.id)
            return len(going)
    with closing(Store(path, reading(path))) as store:
        going = chosen(store, id, ended_before)
    key = Keys.load(path.parent, enforced=False).system("durabletask_extension")
    return sum(ask(url, key, f"/{quote(each.id, safe='')}" if id else f"?{just(each)}") for each in going)


def chosen(store: Store, id: str | None, ended_before: datetime | None) -> list[Instance]:
    if ended_before is None:
        return [each for each in [store.instance(id or "")] if each is not None]
    return [each for each in store.select(Query(statuses=ENDED, top=ALL)) if each.updated < stamp(ended_before)]


def just(ended: Instance) -> str:
    """The query for this one and no later one of its id, which may have been started meanwhile."""
    created = {"createdTimeFrom": ended.created, "createdTimeTo": ended.created}
    return urlencode({"instanceIdPrefix": ended.id, "runtimeStatus": ",".join(ENDED), **created})


def ask(url: str, key: str, which: str) -> int:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    with closing(connection):
        try:
            connection.request("DELETE", f"{WEBHOOK}/instances{which}", headers={"x-functions-key": key})
            answer = connection.getresponse()
            body = answer.read()
        except OSError as error:
            raise Problem(f"The host at {url} does not answer ({error}): try again, or stop it first.") from None
    if answer.status not in (200, 404):
        raise Problem(f"The host at {url} refused to purge ({answer.status}): {body.decode(errors='replace')[:500]}")
    return int(json.loads(body)["instancesDeleted"]) if answer.status == 200 else 0
