"""The Function App: its Event Grid trigger, and the blueprints of everything else."""

import asyncio
import os
from collections.abc import Mapping
from weakref import WeakKeyDictionary

import azure.durable_functions as df

import telemetry

telemetry.configure()  # before anything that it instruments is imported

import activities  # noqa: E402
import api  # noqa: E402
import orchestrators  # noqa: E402
from replication.events import ImageEvent, NotForUs  # noqa: E402
from replication.instances import rejected_id, run_id  # noqa: E402
from replication.settings import Settings  # noqa: E402

LONGEST_KEPT = 16 * 1024  # bytes of a rejected event
AT_ONCE = 16  # events of a batch; the SDK has 30 connections to the host for all, and closes every one of them when one is late

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
app = df.DFApp()
for blueprint in (activities.bp, api.bp, orchestrators.bp):
    app.register_functions(blueprint)
if telemetry.exporting():
    from api import count_runs

    app.register_functions(count_runs.bp)


@app.event_grid_trigger(arg_name="event")
@app.durable_client_input(client_name="client")
async def on_image_event(event: str, client: df.DurableOrchestrationClient) -> None:
    """Start one orchestration for an event, whatever it holds; return once the instance exists. Whatever is raised makes Event Grid
    deliver again: settings that are invalid, a store that is down. Takes the raw text, since the SDK's event types refuse odd ones."""
    async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE)):
        await _receive(event, client)


async def _receive(event: str, client: df.DurableOrchestrationClient) -> None:
    """One event of a batch, in its turn: else ten thousand at once would wait for each other until all of them are late."""
    settings = Settings.parse(os.environ)
    with telemetry.span("on_image_event", {}) as current:
        try:
            image = ImageEvent.parse(event, str(settings.source.registry))
        except NotForUs as reason:
            await _start(client, "record_rejected_event", rejected_id(event), {"reason": str(reason), "event": _cut(event)})
            return
        if image.host is not None and image.host.lower() != settings.source.login_server.lower():
            telemetry.figures.foreign_hosts.add(1)
        named = {
            "action": image.action,
            "repository": str(image.repository),
            "tag": None if image.tag is None else str(image.tag),
            "digest": None if image.digest is None else str(image.digest),
        }
        current.set_attributes({f"oci.{name}": text for name, text in named.items() if text is not None and name != "action"})
        own_limits = {name: settings.limits_of(name).to_json() for name, target in settings.targets.items() if target.limits}
        given = {
            "event": named,
            "targets": list(settings.targets),
            "limits": settings.limits.to_json(),
            "own_limits": own_limits,
            "happened": image.happened,
        }
        await _start(client, "replicate_image_event", run_id(image), given)


async def _start(client: df.DurableOrchestrationClient, orchestration: str, instance: str, given: Mapping[str, object]) -> None:
    """Once: an instance that runs or has ended was started by an earlier delivery. Started blindly, an ended one would be replaced with
    its history, and a running one answered by an error."""
    if await _is_known(client, instance):
        telemetry.tell("delivered again", {"durabletask.task.instance_id": instance})
        return
    try:
        await client.start_new(orchestration, instance, given)
    except Exception:
        if not await _is_known(client, instance):  # not lost to a delivery at the same moment, but not started
            raise
    telemetry.tell("started", {"durabletask.task.instance_id": instance, "durabletask.task.name": orchestration})


async def _is_known(client: df.DurableOrchestrationClient, instance: str) -> bool:
    """Raises when there is no telling: of an error's body the client makes a status that looks like that of an unknown instance."""
    status = await client.get_status(instance)
    if not status and (trouble := vars(status).keys() & {"ExceptionMessage", "exceptionMessage", "Message"}):
        raise RuntimeError(f"the Durable extension did not tell whether {instance} exists ({', '.join(sorted(trouble))})")
    return bool(status)


def _cut(text: str) -> str:
    return text.encode(errors="replace")[:LONGEST_KEPT].decode(errors="ignore")
