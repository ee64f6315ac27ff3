"""`python -m devkit up` and `python -m devkit demo`: what the Makefile calls."""

import argparse
import os
import signal
import sys
from pathlib import Path

from devkit.local.problem import Problem


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devkit", description="Azure clouds on localhost, and the app that replicates.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="up|demo")
    for name, text in {
        "up": "run three clouds and the app until Ctrl-C; print how to use them",
        "demo": "push, retag and delete images, watch them arrive, and check each digest",
    }.items():
        command = commands.add_parser(name, help=text, description=text)
        default = ".local" if name == "up" else ".demo"
        command.add_argument("--state", type=Path, default=Path(default), metavar="DIR", help=f"its state folder (default: {default})")
    return parser.parse_args()


def run(given: argparse.Namespace) -> int:
    if given.command == "up":
        from devkit.local.up import up

        up(given.state)
        return 0
    from devkit.demo.demo import demo

    return demo(given.state)


def main() -> int:
    given = arguments()
    os.umask(0o077)  # the state folders hold secrets
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # as Ctrl-C: stop everything, then end
    try:
        return run(given)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 0 if given.command == "up" else 130


if __name__ == "__main__":
    sys.exit(main())
