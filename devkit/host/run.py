"""Load an app and serve it until a signal comes.

Imported only once the app's settings are in the environment: in Azure the worker process starts with them, and libraries read some
as they are imported (aiohttp's default TLS context, made from SSL_CERT_FILE, is one)."""

import asyncio
import json
import logging
import os
import signal
import sqlite3
import sys
from pathlib import Path

from azure_functions_runtime.utils.app_setting_manager import is_envvar_true

from devkit.host import failpoints
from devkit.host.admin import Admin
from devkit.host.durable.api import DurableApi
from devkit.host.durable.engine import Engine
from devkit.host.durable.links import client_payload
from devkit.host.durable.trouble import told
from devkit.host.eventgrid import EventGrid
from devkit.host.httptriggers import HttpTriggers
from devkit.host.keys import Keys
from devkit.host.owner import own, say_where
from devkit.host.problem import Problem
from devkit.host.requests import Requests
from devkit.host.restart import PORT, Start
from devkit.host.server import Server, listen
from devkit.host.settings import HostConfig
from devkit.host.spans import Spans
from devkit.host.timers import Timers
from devkit.host.unkindness import Unkindness
from devkit.host.worker import Worker

log = logging.getLogger("devkit.host")
LAST_WORDS = 1.0  # seconds, for what is cancelled at the end


async def run(
    app: Path, state: Path, port: int, *, enforce_keys: bool, clock_scale: float, unkind: Unkindness | None, ready: int, start: Start
) -> None:
    """`ready` is the file descriptor for the line that says so."""
    failpoints.arm(os.environ)
    config = HostConfig.read(app / "host.json", os.environ)
    listener = listen(int(start.environment.get(PORT, port)))
    listening: int = listener.getsockname()[1]
    lock = own(state)
    keys = Keys.load(state, enforce_keys)
    enter(app, start)
    spans = Spans(state if config.traces else None)
    worker = Worker.load(app, config.timeout)
    if is_envvar_true("PYTHON_ENABLE_OPENTELEMETRY"):
        spans.listen_to_app()
    url = f"http://127.0.0.1:{listening}"
    worker.client_payload = client_payload(url, config.hub, keys.system("durabletask_extension"))

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        engine = Engine(state / "host.db", worker, config, clock_scale=clock_scale, spans=spans, unkind=unkind)
    except sqlite3.Error as error:
        raise Problem(told(error, state / "host.db")) from None
    timers = Timers(worker, engine.clock, engine, os.environ, spans)
    server = make_server(worker, engine, config, keys, spans)
    await server.serve(listener)
    say_where(lock, url)
    heart = asyncio.create_task(run_for_ever(engine, timers))
    outdated = asyncio.create_task(start.outdated())
    for each in (heart, outdated):
        each.add_done_callback(lambda _: stop.set())
    if PORT not in start.environment:
        os.write(ready, f"{json.dumps({'ready': 'host', 'url': url})}\n".encode())
    if unkind is not None:
        log.warning("the host is unkind, as Azure may be: %s", unkind)
    log.info("%d functions of %s at %s", len(worker.functions), app, url)

    await stop.wait()
    broken = heart.exception() if heart.done() else None  # the engine ends only by an error
    heart.cancel()
    await server.close()
    await engine.close()
    lock.close()
    if outdated.done() and broken is None:
        start.again(listening)
    outdated.cancel()
    await leave(worker, broken)


def enter(app: Path, start: Start) -> None:
    """The process becomes the app's: it finds its own modules, as in Azure, and no others by luck."""
    sys.path[0] = str(app)  # in place of what `-m` put there
    sys.path[1:1] = filter(None, start.values.get("PYTHONPATH", "").split(os.pathsep))  # too late for Python's own look at it
    os.chdir(app)


def make_server(worker: Worker, engine: Engine, config: HostConfig, keys: Keys, spans: Spans) -> Server:
    durable = DurableApi(engine, worker.traces, config.hub, keys.system("durabletask_extension"))
    http, admin = HttpTriggers(worker, keys, config.route_prefix), Admin(worker, keys)
    return Server(http, EventGrid(worker, keys), durable, admin, keys=keys, requests=Requests(spans, engine.clock))


async def leave(worker: Worker, broken: BaseException | None) -> None:
    """Ends the process where an activity may be under way that only that ends; it runs again."""
    if broken is not None:
        log.error("the engine broke", exc_info=broken)
    if broken is not None or worker.busy_threads() or await outlived():
        logging.shutdown()
        os._exit(broken is not None)


async def outlived() -> bool:
    """Whether something of the app's goes on although it is cancelled; `asyncio.run` would wait for it without an end."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    return bool(others and (await asyncio.wait(others, timeout=LAST_WORDS))[1])


async def run_for_ever(engine: Engine, timers: Timers) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(engine.run())
        group.create_task(timers.run())
