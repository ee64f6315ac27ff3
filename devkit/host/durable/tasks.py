"""What the host waits for while it replays, as .NET's tasks have it: whoever waits goes on at once when one ends, never later."""

from collections.abc import Callable, Generator


class Task:
    """Something that ends; whoever waits is told once."""

    def __init__(self) -> None:
        self.done = self.failed = False
        self._waiters: list[Callable[[], None]] = []

    def then(self, waiter: Callable[[], None]) -> None:
        if self.done:
            waiter()
        else:
            self._waiters.append(waiter)

    def end(self, failed: bool = False) -> None:
        if not self.done:
            self.done, self.failed = True, self.failed or failed
            for waiter in self._waiters:
                waiter()


def drive(steps: Generator[Task, None, None]) -> None:
    """Run a coroutine of tasks: on at once while what it yields has ended, later when it ends."""
    for task in steps:
        if not task.done:
            task.then(lambda: drive(steps))
            return


def end_with(children: list[Task], wanted: int, whole: Task) -> None:
    """End `whole` as soon as `wanted` of the children have ended."""
    left = wanted

    def one_more() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            whole.end()

    if wanted == 0:
        whole.end()
    for child in children:
        child.then(one_more)
