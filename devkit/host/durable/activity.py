"""Run a scheduled activity and tell its orchestration: at least once, for its row goes only together with the result's commit.

Source: "Activity functions", reliability: at least once; TaskActivityDispatcher in DurableTask.Core."""

import asyncio
import json
from dataclasses import dataclass

from azure_functions_runtime.bindings.datumdef import Datum

from devkit.host.clock import Clock
from devkit.host.durable import fetch, http, tracing
from devkit.host.durable.catalogue import Catalogue
from devkit.host.durable.commits import Commits
from devkit.host.durable.messages import Event, Kind, event
from devkit.host.durable.rows import Activity
from devkit.host.durable.store import Store
from devkit.host.durable.unkind import Unkind
from devkit.host.failure import Failure
from devkit.host.spans import Spans
from devkit.host.worker import Worker


@dataclass(frozen=True, slots=True)
class Activities:
    store: Store
    commits: Commits
    worker: Worker
    catalogue: Catalogue
    clock: Clock
    spans: Spans
    unkind: Unkind | None = None

    async def run(self, n: int) -> None:
        row = self.store.activity(n)
        if row is None:  # its instance was purged
            return
        if self.unkind is None or not self.unkind.doubles(row):
            await self._once(row)
        elif self.unkind.beside(row):
            await asyncio.gather(self._once(row), self._once(row))
        else:
            await self._once(row)
            await self._once(row)

    async def ahead(self, row: Activity, committed: asyncio.Event) -> None:
        """One that was begun before its episode was committed: its result waits for that, and comes first or second."""
        await self._once(row, committed)

    async def _once(self, row: Activity, committed: asyncio.Event | None = None) -> None:
        begun = self.clock.now()
        result = await self._result(row)
        if committed is not None:
            await committed.wait()
        await self.commits.insist("result", lambda: self._tell(row, result))
        if self.spans.on:
            self.spans.write([tracing.activity(row, begun, self.clock.now(), failed=result["EventType"] == Kind.TASK_FAILED)])

    def _tell(self, row: Activity, result: Event) -> None:
        expected = self.store.drop_activity(row.n) or self.unkind is not None  # an unkind host sends what nobody expects, too
        if expected and self.store.runs(row.id, row.execution):
            self.store.send(row.id, row.execution, result)

    async def _result(self, row: Activity) -> Event:
        failure = await self._answer(row)
        if not isinstance(failure, Failure):
            return event(Kind.TASK_COMPLETED, self.clock.now(), TaskScheduledId=row.task, Result=failure)
        reason = f"Activity function '{row.name}' failed:  {failure}"
        details = {"ClassName": "Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException", "Message": f"{failure}\n{failure.trace}"}
        return event(Kind.TASK_FAILED, self.clock.now(), TaskScheduledId=row.task, Reason=reason, Details=json.dumps(details))

    async def _answer(self, row: Activity) -> str | Failure | None:
        """A JSON text, or none."""
        if row.name == http.ACTIVITY:
            return await fetch.ask(row.input)
        function = self.catalogue.activities.get(row.name.lower())
        if function is None:
            return Failure("FunctionNotFound", f"the app has no activity {row.name!r}", "")
        answer = await self.worker.call(function, Datum(row.input, "string"), {}, tracing.server(row.trace))
        if answer.failure is not None:
            return answer.failure
        return None if answer.datum is None else answer.datum.value
