"""`python -m tests.chaos`: what `make chaos` runs. Exit status 1 when something is not as it must be."""

import argparse
import os
import random
import sys
from pathlib import Path

from devkit.demo.demo import wide_console
from tests.chaos.run import Chaos, Options


def arguments() -> Options:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="Everything goes wrong, and a judge compares.")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="of operations, faults and accidents; told if drawn")
    parser.add_argument("--ops", type=int, default=2000, help="operations at the source (default: 2000)")
    parser.add_argument("--targets", type=int, default=3, help="target clouds, 1 to 8 (default: 3)")
    parser.add_argument("--scale", type=float, default=20, help="how fast the clouds' and the host's time runs (default: 20)")
    parser.add_argument("--drop", type=float, default=0, help="the share of events that are lost; then reconciliation has the last word")
    parser.add_argument("--unkind", default="twice=0.03,reorder", help="what the host does to its durable work")
    parser.add_argument("--state", type=Path, default=Path(".chaos"), help="where state and report lie (default: .chaos)")
    given = parser.parse_args()
    return Options(
        seed=given.seed,
        operations=given.ops,
        targets=given.targets,
        scale=given.scale,
        dropped=given.drop,
        unkind=given.unkind,
        folder=given.state,
    )


def main() -> int:
    options, console = arguments(), wide_console()
    os.umask(0o077)
    options.folder.mkdir(exist_ok=True)
    console.print(f"seed {options.seed}: {options.operations} operations, {options.targets} targets; state is in {options.folder}")
    report = Chaos(options).run()
    report.show(console)
    report.write(options.folder / f"report-{options.seed}.json")
    return 1 if report.troubles() else 0


if __name__ == "__main__":
    sys.exit(main())
