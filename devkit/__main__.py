"""`python -m devkit up`, `clouds` and `demo`: what the Makefile calls."""

import argparse
import os
import signal
import sys
from pathlib import Path

from devkit.local.clouds import MOST_TARGETS, TARGETS_AT_FIRST
from devkit.local.problem import Problem

COMMANDS = {
    "up": (".local", "run the clouds and the app until Ctrl-C; print how to use them"),
    "clouds": (".local", "run the clouds alone until Ctrl-C; write and print what 'func start' needs"),
    "demo": (".demo", "push, retag and delete images, watch them arrive, and check each digest"),
}
HOST = "'python -m devkit host --help' tells how to look into the local host's database"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m devkit", description="Azure clouds on localhost, and the app that replicates.", epilog=HOST
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="|".join(COMMANDS))
    for name, (folder, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--state", type=Path, default=Path(folder), metavar="DIR", help=f"its state folder (default: {folder})")
        if name != "demo":
            many = f"how many target clouds, 1 to {MOST_TARGETS} (default: as many as the state folder holds, or {TARGETS_AT_FIRST})"
            command.add_argument("--targets", type=count, metavar="N", help=many)
    return parser.parse_args()


def count(text: str) -> int:
    if text not in map(str, range(1, MOST_TARGETS + 1)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST_TARGETS}")
    return int(text)


def run(given: argparse.Namespace) -> int:
    if given.command == "demo":
        from devkit.demo.demo import demo

        return demo(given.state)
    from devkit.local.up import clouds, up

    {"up": up, "clouds": clouds}[given.command](given.state, given.targets)
    return 0


def main() -> int:
    if sys.argv[1:2] == ["host"]:
        from devkit.host.inspect.command import main as inspect

        return inspect(sys.argv[2:])
    given = arguments()
    os.umask(0o077)  # the state folders hold secrets
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # stop everything, then end; a shell has its background ignore SIGINT
    try:
        return run(given)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130 if given.command == "demo" else 0


if __name__ == "__main__":
    sys.exit(main())
