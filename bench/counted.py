"""`python -m bench.counted`: the local host as `python -m devkit.host` runs it, with its CPU time counted.

Production code knows nothing of it."""

import sys

from bench import counters
from devkit.host.__main__ import main

if __name__ == "__main__":
    counters.install()
    sys.exit(main())
