"""Wake runs that wait at a place: each by an event of its own."""

import re
from typing import Any

import azure.durable_functions as df

from activities.asked import each
from activities.step import bp, step

GONE = re.compile(r"is gone|No instance with ID")  # the SDK's words for an instance that has ended, or is not there


@bp.activity_trigger(input_name="work")
@bp.durable_client_input(client_name="client")
@step
async def wake(work: dict, client: df.DurableOrchestrationClient) -> dict[str, Any]:
    """`{place, runs: [{run, event, after, trial?}]}` -> `{told, gone}`: `[run, event]` of those who were told, and the runs that have
    ended. Whom it could not tell is in neither. An event holds the seconds `after` which to go, and the group for which it is a `trial`."""

    async def tell(one: dict[str, Any]) -> str:
        told = {name: one[name] for name in ("after", "trial") if name in one}
        try:
            await client.raise_event(one["run"], one["event"], told)
        except Exception as error:  # the SDK has no other
            return "gone" if GONE.search(str(error)) else "untold"
        return "told"

    answers = list(zip(work["runs"], await each(work["runs"], tell), strict=True))
    told = [[one["run"], one["event"]] for one, how in answers if how == "told"]
    return {"told": told, "gone": [one["run"] for one, how in answers if how == "gone"]}
