"""Rows of the database as tables to read."""

import json

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from devkit.host.durable.instances import history_of
from devkit.host.durable.messages import SCHEDULED, Event, Kind
from devkit.host.durable.rows import Instance, Query
from devkit.host.durable.store import Store
from devkit.host.durable.trouble import Damaged
from devkit.host.problem import Problem

LONGEST = 100  # characters of a value
VALUES = ("Result", "Reason", "Input", "FireAt", "OrchestrationStatus")
COLOURS = {"Completed": "green", "Failed": "red", "Terminated": "red", "Running": "cyan", "Suspended": "yellow", "Pending": "blue"}


def instances(console: Console, store: Store, query: Query) -> None:
    table = Table(box=SIMPLE)
    table.add_column("instance", overflow="fold", min_width=20)
    for column in ("orchestrator", "status", "created", "updated"):
        table.add_column(column, no_wrap=column != "orchestrator")
    table.add_column("messages", justify="right")
    table.add_column("activities", justify="right")
    found = store.select(query)
    for each in found:
        counts = [str(store.count(what, each.id)) for what in ("inbox", "activity")]
        table.add_row(Text(each.id), Text(each.name), coloured(each.status), second(each.created), second(each.updated), *counts)
    console.print(table)
    if len(found) == query.top:
        console.print(f"The first {query.top}: there may be more, which --top, --prefix or --status bring.")
    elif not found:
        console.print("No such instances.")


def instance(console: Console, store: Store, id: str, *, full: bool) -> None:
    """Raises `Problem`."""
    table = Table(box=SIMPLE, show_header=False)
    table.add_column("what", no_wrap=True, style="bold")
    table.add_column("value", overflow="fold")
    if id.startswith("@"):
        held = store.entity(id)
        if held.state is None:
            raise Problem(f"There is no entity {id}: write it as @name@key, the name in lower case.")
        table.add_row("entity", Text(id))
        table.add_row("state", value(held.state, full))
        table.add_row("messages", str(store.count("inbox", id)))
    else:
        about(table, store, found(store, id), full)
    console.print(table)


def about(table: Table, store: Store, it: Instance, full: bool) -> None:
    table.add_row("instance", Text(it.id))
    table.add_row("orchestrator", Text(it.name + (f", version {it.version}" if it.version else "")))
    table.add_row("status", coloured(it.status))
    if it.parent is not None:
        table.add_row("parent", Text(f"{it.parent.id}, its task {it.parent.task}"))
    for what, text in (("input", it.input), ("output", it.output), ("custom status", it.custom_status)):
        if text is not None:
            table.add_row(what, value(text, full))
    table.add_row("created", it.created)
    table.add_row("updated", it.updated)
    table.add_row("execution", it.execution)
    table.add_row("trace", it.trace)
    table.add_row("history", f"{len(store.history(it.id))} events")
    for name, input in store.open_activities(it.id):
        table.add_row("open activity", Text.assemble(name, " ", value(input, full)))
    for text, visible in store.open_messages(it.id):
        table.add_row("message", Text.assemble(f"from {visible} on: " if visible[:1] not in ("", "0") else "", message(text, full)))


def history(console: Console, store: Store, id: str, *, full: bool) -> None:
    """Raises `Problem`."""
    found(store, id)
    table = Table(box=SIMPLE)
    for column in ("#", "time", "event", "task"):
        table.add_column(column, no_wrap=True, justify="right" if column in ("#", "task") else "left")
    table.add_column("name", overflow="fold")
    table.add_column("value", overflow="fold", ratio=1)
    names: dict[str, str] = {}  # by the number of the task
    for number, text in enumerate(store.history(id)):
        try:
            (event,) = history_of([text])
        except Damaged:
            table.add_row(str(number), "", Text("damaged", style="red"), "", "", value(text, full))
            continue
        name = event.get("Name") or names.get(task(event), "")
        if event["EventType"] in SCHEDULED:
            names[task(event)] = name
        table.add_row(str(number), event["Timestamp"], kind(event), task(event), Text(name), said(event, full))
    console.print(table)


def kind(event: Event) -> str:
    return Kind(event["EventType"]).name.replace("_", " ").lower()


def message(text: str, full: bool) -> Text:
    try:
        (event,) = history_of([text])
    except Damaged:
        return Text.assemble(("damaged ", "red"), value(text, full))
    return Text.assemble(kind(event), f" {task(event)} ".replace("  ", " "), said(event, full))


def task(event: Event) -> str:
    """Its own number, or that of the task it ends."""
    number = event.get("TaskScheduledId", event.get("TimerId", event["EventId"]))
    return "" if number == -1 else str(number)


def said(event: Event, full: bool) -> Text:
    values = [event[name] for name in VALUES if event.get(name) is not None]
    return value(values[0] if isinstance(values[0], str) else json.dumps(values[0]), full) if values else Text("")


def value(text: str, full: bool) -> Text:
    return Text(text if full or len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)")


def found(store: Store, id: str) -> Instance:
    it = store.instance(id)
    if it is None:
        raise Problem(f"There is no instance {id}: 'ls' lists what there is.")
    return it


def coloured(status: str) -> Text:
    return Text(status, style=COLOURS.get(status, ""))


def second(stamp: str) -> str:
    return f"{stamp[:10]} {stamp[11:19]}"
