"""`python -m devkit.host`: put the app's settings into the environment, then load and serve the app."""

import argparse
import asyncio
import logging
import os
import secrets
import sys
import time
import traceback
from dataclasses import replace
from pathlib import Path

from devkit.host.problem import Problem
from devkit.host.restart import Start
from devkit.host.unkindness import Unkindness


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m devkit.host", description="Run a Python Function App locally, durable functions included."
    )
    parser.add_argument("--app", type=Path, required=True, metavar="DIR", help="the folder of function_app.py and host.json")
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE", help="a local.settings.json")
    parser.add_argument("--state", type=Path, required=True, metavar="DIR", help="where host.db and keys.json are kept")
    parser.add_argument("--port", type=int, default=7071, help="on 127.0.0.1; 0 takes a free one (default: 7071)")
    parser.add_argument("--enforce-keys", action="store_true", help="answer 401 without the right access key, as Azure does")
    parser.add_argument("--clock-scale", type=scale, default=1.0, metavar="N", help="let time pass N times as fast (default: 1)")
    parser.add_argument(
        "--unkind",
        type=unkindness,
        metavar="HOW",
        help="do what Azure may do to an app, such as twice=0.1,delay=2,reorder,uncommitted=0.05: activities that run twice,"
        " completions up to 2 seconds late and in another order, commits that are lost once their activities have begun",
    )
    parser.add_argument(
        "--seed", type=int, metavar="N", help="of --unkind's dice; without it they fall anew each time, and the log tells N"
    )
    return parser.parse_args()


def unkindness(text: str) -> Unkindness:
    try:
        return Unkindness.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def scale(text: str) -> float:
    value = float(text)
    if not 0.001 <= value <= 1_000_000:
        raise argparse.ArgumentTypeError("a number from 0.001 to 1000000")
    return value


def main() -> int:
    given = arguments()
    ready = os.dup(1)
    os.dup2(2, 1)  # whatever the app prints goes to standard error: standard output holds the ready line alone
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("azure").setLevel(logging.WARNING)
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # quotes bad requests, and with them keys; our own errors are logged
    app, state = given.app.resolve(), given.state.resolve()
    try:
        start = Start.now(given.settings.resolve())
        os.environ.update(start.values)
        time.tzset()
        from devkit.host.run import run  # now, and not earlier: it says why

        unkind = given.unkind and replace(given.unkind, seed=secrets.randbelow(1 << 31) if given.seed is None else given.seed)
        more = {"enforce_keys": given.enforce_keys, "clock_scale": given.clock_scale, "unkind": unkind}
        asyncio.run(run(app, state, given.port, **more, ready=ready, start=start))
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except SystemExit as end:
        print(
            f"The app ended the host while it was imported, by {end!r}: it may define and register functions then, not leave.",
            file=sys.stderr,
        )
        return 1
    except ModuleNotFoundError as error:
        traceback.print_exc()
        print(missing(error, app), file=sys.stderr)
        return 1
    except Exception:
        traceback.print_exc()
        return 1
    return 0


def missing(error: ModuleNotFoundError, app: Path) -> str:
    """The worker raises the error anew, with a longer message and without its `name`."""
    name = error.name or str(error).removeprefix("No module named ").partition(". ")[0].strip("'")
    return (
        f"The module {name} is not installed for {sys.executable}: run '{sys.executable} -m pip install -r requirements.txt' in {app},"
        " or correct the name where it is imported."
    )


if __name__ == "__main__":
    sys.exit(main())
