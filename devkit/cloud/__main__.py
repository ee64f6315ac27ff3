"""`python -m devkit.cloud FILE` runs one cloud until SIGTERM or SIGINT (docs/decisions.md, 1.1)."""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from pathlib import Path

from devkit.cloud.config import CloudConfig, Problem
from devkit.cloud.server import Cloud


async def run(config: CloudConfig) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    cloud = Cloud(config, on_failure=ended.set)
    try:
        await cloud.start()
        print(json.dumps({"ready": config.name}), flush=True)
        await ended.wait()
    finally:
        await cloud.stop()
    if cloud.failure is not None:
        raise Problem(
            f"the cloud {config.name} could not go on, for {cause(cloud.failure)}: start it again, and it takes up what it had begun"
        )


def cause(error: BaseException) -> str:
    """The first error of a group says why; the log has all of them."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m devkit.cloud", description="Run one Azure cloud on localhost.")
    parser.add_argument("file", type=Path, metavar="FILE", help="its settings: docs/decisions.md, 1.1")
    os.umask(0o077)  # the state folder holds a signing key and, while an import runs, its source's password
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("aiohttp.server").setLevel(
        logging.CRITICAL
    )  # quotes bad requests, which may hold a secret; our own errors are logged
    try:
        asyncio.run(run(CloudConfig.read(parser.parse_args().file)))
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
