"""Whose CPU time it is, in the process of a local host: counted by wrapping what Microsoft's libraries, SQLite and aiohttp are entered by.

Time is that of the thread (`time.thread_time`), so waiting costs nothing, and each moment belongs to the innermost of what is under way.
On the event loop's thread what belongs to nobody else is the engine's: the loop itself, scheduling, JSON, commits, logging. The other
threads are the worker library's pool: what is neither the SDK's nor the app's there is the library's."""

import sqlite3
import threading
import time
import types
from collections import defaultdict
from collections.abc import Callable, Coroutine, Generator, Iterable
from functools import partial
from typing import Any

ENGINE, SQLITE, LIBRARY, SDK, APP, HTTP = "engine", "SQLite", "worker library", "SDK replay", "app", "HTTP server"


class Account(threading.local):
    """Of a thread."""

    def __init__(self) -> None:
        self.owner = ENGINE if threading.current_thread() is threading.main_thread() else LIBRARY
        self.since = time.thread_time()
        self.spent: dict[str, float] = defaultdict(float)
        accounts.append(self.spent)

    def enter(self, owner: str) -> str:
        """Whose the time was until now."""
        now, before = time.thread_time(), self.owner
        self.spent[before] += now - self.since
        self.owner, self.since = owner, now
        return before


accounts: list[dict[str, float]] = []
account = Account()


def seconds() -> dict[str, float]:
    """CPU seconds of the process by owner. To be called on the event loop's thread; differences of two answers are what counts."""
    account.enter(account.owner)
    spent = {owner: sum(each.get(owner, 0.0) for each in accounts) for owner in (SDK, LIBRARY, APP, ENGINE, SQLITE, HTTP)}
    spent[LIBRARY] = account.spent[LIBRARY]
    spent[LIBRARY] += time.process_time() - sum(spent.values())  # the pool's threads, less what they did for others
    return spent


def charged(owner: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def charging(*args: Any, **more: Any) -> Any:
        before = account.enter(owner)
        try:
            return call(*args, **more)
        finally:
            account.enter(before)

    return charging


def steps_charged(owner: str, call: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
    """The same for a coroutine: each of its steps, not the time between them."""

    @types.coroutine
    def charging(*args: Any, **more: Any) -> Generator[Any, Any, Any]:
        running = call(*args, **more)
        step: Callable[[Any], Any] = running.send
        value: Any = None
        while True:
            before = account.enter(owner)
            try:
                awaited = step(value)
            except StopIteration as stop:
                return stop.value
            finally:
                account.enter(before)
            try:
                yield awaited
                step, value = running.send, None
            except BaseException as error:  # a cancellation, which is the coroutine's to handle
                step, value = running.throw, error

    return charging


class Cursor(sqlite3.Cursor):
    fetchone = charged(SQLITE, sqlite3.Cursor.fetchone)
    fetchall = charged(SQLITE, sqlite3.Cursor.fetchall)
    __next__ = charged(SQLITE, sqlite3.Cursor.__next__)


class Connection(sqlite3.Connection):
    def execute(self, *args: Any) -> sqlite3.Cursor:
        cursor: sqlite3.Cursor = charged(SQLITE, self.cursor(Cursor).execute)(*args)
        return cursor

    def executemany(self, statement: str, rows: Iterable[Any]) -> sqlite3.Cursor:
        made = list(rows)  # making them is not SQLite's
        cursor: sqlite3.Cursor = charged(SQLITE, self.cursor(Cursor).executemany)(statement, made)
        return cursor


def install() -> None:
    """Before the host is imported: from now on all is counted."""
    import azure_functions_runtime.native_invocation as native
    from aiohttp.web_protocol import RequestHandler
    from azure.durable_functions.models.DurableOrchestrationContext import DurableOrchestrationContext
    from azure.durable_functions.orchestrator import Orchestrator

    wrap(SDK, DurableOrchestrationContext, "from_json", lambda owner, call: staticmethod(charged(owner, call)))
    wrap(SDK, Orchestrator, "handle", charged)
    wrap(LIBRARY, native, "invocation_request_native", steps_charged)
    wrap(APP, native, "execute_async", steps_charged)
    wrap(HTTP, RequestHandler, "start", steps_charged)
    wrap(HTTP, RequestHandler, "_handle_request", steps_charged)
    wrap(HTTP, RequestHandler, "data_received", charged)
    wrap(SQLITE, sqlite3, "connect", lambda _, connect: partial(connect, factory=Connection))


def wrap(owner: str, holder: Any, name: str, wrapper: Callable[[str, Any], Any]) -> None:
    setattr(holder, name, wrapper(owner, getattr(holder, name)))
