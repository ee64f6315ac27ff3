"""Run one scheduled activity and tell its orchestration: at least once, for its row goes only together with the result's commit.

Source: "Activity functions", reliability: at least once; TaskActivityDispatcher in DurableTask.Core."""

import json

from azure_functions_runtime.bindings.datumdef import Datum

from devkit.host.clock import Clock
from devkit.host.durable.catalogue import Catalogue
from devkit.host.durable.messages import Event, Kind, event
from devkit.host.durable.store import Activity, Store
from devkit.host.failure import Failure
from devkit.host.worker import Worker


async def run_activity(n: int, store: Store, worker: Worker, catalogue: Catalogue, clock: Clock) -> None:
    row = store.activity(n)
    if row is None:  # its instance was purged
        return
    result = await _result(row, worker, catalogue, clock)
    with store.transaction():
        instance = store.instance(row.id)
        if store.drop_activity(n) and instance is not None and instance.execution == row.execution and not instance.ended:
            store.send(row.id, row.execution, result)


async def _result(row: Activity, worker: Worker, catalogue: Catalogue, clock: Clock) -> Event:
    function = catalogue.activities.get(row.name.lower())
    if function is None:
        failure = Failure("FunctionNotFound", f"the app has no activity {row.name!r}", "")
    else:
        answer = await worker.call(function, Datum(row.input, "string"), {}, row.trace)
        if answer.failure is None:
            value = None if answer.datum is None else answer.datum.value
            return event(Kind.TASK_COMPLETED, clock.now(), TaskScheduledId=row.task, Result=value)
        failure = answer.failure
    reason = f"Activity function '{row.name}' failed:  {failure}"
    details = json.dumps({"ClassName": "Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException", "Message": f"{failure}\n{failure.trace}"})
    return event(Kind.TASK_FAILED, clock.now(), TaskScheduledId=row.task, Reason=reason, Details=details)
