"""Start the prober of a place."""

from typing import Any

import azure.durable_functions as df

from activities.step import bp, step


@bp.activity_trigger(input_name="work")
@bp.durable_client_input(client_name="client")
@step
async def start_prober(work: dict, client: df.DurableOrchestrationClient) -> dict[str, Any]:
    """`{instance, place, number, probe}` -> `{started}`: whether it runs now. The instance is the number's own: a second start finds it."""
    try:
        await client.start_new("prober", work["instance"], {name: work[name] for name in ("place", "number", "probe")})
    except Exception:  # the SDK has no other; of an instance that runs already it tells the same as of a store that is down
        return {"started": bool(await client.get_status(work["instance"]))}
    return {"started": True}
