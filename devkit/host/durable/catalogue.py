"""Which function an orchestration or an activity is called by. Names are compared without regard to case, as the extension does."""

from devkit.host.functions import Function
from devkit.host.problem import Problem
from devkit.host.worker import Worker


class Catalogue:
    def __init__(self, worker: Worker) -> None:
        self.orchestrators = _by_name(worker, "orchestrationTrigger", "orchestration")
        self.activities = _by_name(worker, "activityTrigger", "activity")
        self.entities = _by_name(worker, "entityTrigger", "entityName")


def _by_name(worker: Worker, trigger: str, attribute: str) -> dict[str, Function]:
    found: dict[str, Function] = {}
    for function in worker.of_type(trigger):
        name = str(function.trigger.get(attribute) or function.name)
        if (other := found.setdefault(name.lower(), function)) is not function:
            raise Problem(f"The functions {other.name} and {function.name} both serve the {attribute} {name!r}: rename one.")
    return found
