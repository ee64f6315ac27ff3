"""Whether a pool's threads still run something of the app's: Python cannot end a thread, only the process can."""

import sys
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.thread import _worker


def busy(pool: ThreadPoolExecutor) -> bool:
    """An idle thread waits in the pool's own function. The pool's count of idle threads is of no use here: in Python 3.11 it grows with
    every call that had to wait for a thread."""
    frames = sys._current_frames()
    return any(
        (frame := frames.get(thread.ident or 0)) is not None and frame.f_code is not _worker.__code__ for thread in set(pool._threads)
    )
