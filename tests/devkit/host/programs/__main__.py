"""`python -m tests.devkit.host.programs`: random programs by the host and by the SDK, and how often they disagree by which rule.

`--kind NAME --seed N --programs 1` shows one program that a test has named."""

import argparse
import logging
import sys
from secrets import randbelow

from tests.devkit.host.programs.judged import judged, made, table
from tests.devkit.host.programs.program import KINDS


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=2000, help="of each kind")
    parser.add_argument("--seed", type=int, default=randbelow(10**9))
    parser.add_argument("--kind", choices=KINDS)
    given = parser.parse_args()
    logging.getLogger("devkit.host").setLevel(logging.CRITICAL)
    if given.kind and given.programs == 1:
        program, _ = made(KINDS[given.kind], given.seed)
        print(*program.steps, next(judged(KINDS[given.kind], range(given.seed, given.seed + 1))).outcome, sep="\n")
        return 0
    text, failures = table(given.programs, given.seed)
    print(f"seed {given.seed}, {given.programs} programs of each kind\n\n{text}")
    for run in failures:
        print(f"--kind {run.kind.name!r} --seed {run.seed}: {run.complaint}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
