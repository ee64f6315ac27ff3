"""`python -m devkit.local.leash MODULE ARGUMENTS...` runs MODULE as `python -m MODULE ARGUMENTS...` does, and ends with its parent.

Standard input is a pipe whose other end the parent alone holds: it ends when the parent stops, crashes or is killed, on every Unix (Linux
has prctl(PR_SET_PDEATHSIG), macOS nothing like it). Clouds and host are made to survive `kill -9`, so the end comes at once."""

import os
import runpy
import sys
import threading


def end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(1)


def main() -> None:
    threading.Thread(target=end_with_parent, daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
