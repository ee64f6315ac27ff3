"""What a function raises that an event loop cannot carry, made an ordinary failure of its call.

SystemExit and KeyboardInterrupt pass through every `except Exception` and end Azure's worker process, which the host then replaces, and
the call is made again. StopIteration of a synchronous function, and a CancelledError that nobody asked for, never reach their waiter: Azure
waits for that answer until functionTimeout. Source: azure_functions_worker/dispatcher.py (`except Exception` around the call);
`asyncio.Future.set_exception`."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from azure_functions_runtime import native_invocation


class UncarriedError(Exception):
    """Tells what was raised, and what Azure makes of it."""


def contain() -> None:
    """Once per process, before the first call: the library calls functions by these two names."""
    native_invocation.run_sync_func = _sync(native_invocation.run_sync_func)
    native_invocation.execute_async = _async(native_invocation.execute_async)


def _sync(run: Callable[..., Any]) -> Callable[..., Any]:
    def contained(*arguments: Any) -> Any:
        try:
            return run(*arguments)
        except StopIteration as error:
            raise _told(error) from error
        except Exception:
            raise
        except BaseException as error:
            raise _told(error) from error

    return contained


def _async(run: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def contained(*arguments: Any) -> Any:
        try:
            return await run(*arguments)
        except Exception:
            raise
        except BaseException as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():  # the host ends
                raise
            raise _told(error) from error

    return contained


def _told(error: BaseException) -> UncarriedError:
    if isinstance(error, SystemExit | KeyboardInterrupt):
        fate = "Azure loses its worker process by it, starts another and makes the call again, for ever"
    else:
        fate = "Azure never hears of it and waits for an answer until functionTimeout"
    return UncarriedError(f"the function raised {error!r}. {fate}: return, or raise another exception.")
