"""The option --unkind: what Azure may do to an app, and the host does when asked.

Read before the app's settings are in the environment, so nothing is imported here that reads any of them."""

from dataclasses import dataclass, fields

A_DAY = 86_400.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Unkindness:
    """What is asked for. `twice` and `uncommitted` are probabilities, `delay` is in seconds of the host's clock."""

    twice: float = 0.0  # a finished activity runs again, after its first run or beside it; the completion that comes second is dropped
    delay: float = 0.0  # completions, timers and events reach their orchestration up to so much later, each by another time
    reorder: bool = False  # what waits for an instance at the same moment comes in any order
    uncommitted: float = 0.0  # an episode's activities begin, its commit is lost, and it runs again: they run twice with the same ids
    seed: int = 0

    @classmethod
    def parse(cls, text: str) -> "Unkindness":
        """`twice=0.1,delay=2,reorder,uncommitted=0.05`. Raises `ValueError` with a sentence."""
        given: dict[str, float | bool] = {}
        for part in filter(None, text.split(",")):
            name, _, value = part.partition("=")
            if name == "reorder" and not value:
                given[name] = True
            elif name in ("twice", "delay", "uncommitted"):
                given[name] = _number(part, value, most=A_DAY if name == "delay" else 1.0)
            else:
                raise ValueError(f"{part!r} is no unkindness: there are twice=P, delay=SECONDS, reorder and uncommitted=P")
        return cls(**given)  # type: ignore[arg-type]

    def __str__(self) -> str:
        return ", ".join(f"{each.name}={getattr(self, each.name):g}" for each in fields(self))


def _number(part: str, text: str, most: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= most:
        raise ValueError(f"{part!r} wants a number from 0 to {most:g}")
    return number
