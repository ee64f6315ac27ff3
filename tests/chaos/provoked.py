"""Each race brought about on purpose, once a run, before the weather turns bad: scripted faults, slow imports, a kill at the right moment.

Each has a repository of its own, so that all go on side by side, and is judged with everything else in the end."""

from collections.abc import Callable

from devkit.local import faults
from devkit.local.control import CloudControl
from tests.chaos.accidents import Disaster
from tests.chaos.artifacts import image
from tests.chaos.hands import Hands
from tests.chaos.records import Records
from tests.chaos.source import Delete, Push
from tests.chaos.weather import IMPORTS_LAST, LATEST, PROVOKED, STALEST
from tests.e2e.eventually import eventually
from tests.e2e.running import CLIENTS, Site

WITHIN = 60.0  # seconds
IMPORT = "/subscriptions/.*/importImage"
IN_TIME = 60.0  # seconds of the cloud's time: what is slow enough to be met


class Provoker:
    def __init__(self, site: Site, hands: Hands, records: Records) -> None:
        self._site = site
        self._hands = hands
        self._records = records
        self._target = records.targets[0]
        self._source, self._cloud = site.clouds["source"], site.clouds[self._target]

    def all(self, disaster: Disaster) -> int:
        """How many imports the kill has caught between POST and checkpoint."""
        self.orphan()
        self.late_put()
        self.late_delete()
        self.stale_read()
        self.second_run()
        self.moved_and_deleted()
        self._cloud.set_imports(latency_seconds=IMPORTS_LAST)
        return self.kill(disaster)

    def orphan(self) -> None:
        """One import that its run waits for in vain, and one that lands again long after its run has had it."""
        for name, fault in (("orphan", faults.lands_late(LATEST)), ("twice", faults.lands_twice(LATEST / 2))):
            repository = self._repository(name)
            self._impose(self._cloud, name, fault, faults.imports(f"{repository}@.*"))
            self._push(repository, f"{name} 1", "v1")

    def late_put(self) -> None:
        """Cut off; repeated, and then overtaken by the next meaning of the tag before it lands."""
        repository = self._repository("late-put")
        put = faults.registry("PUT", faults.manifests(repository, "v1"), identity=CLIENTS[self._target])
        self._impose(self._cloud, "late put", faults.late_write(IN_TIME), put)
        self._push(repository, "late put 1", "v1")
        self._until(lambda: self._cloud.fired(f"{PROVOKED} late put") == 1)
        self._push(repository, "late put 2", "v1")

    def late_delete(self) -> None:
        """Cut off; and what is to be deleted is pushed again before it lands."""
        repository, one = self._repository("late-delete"), image("late delete")
        path = faults.manifests(repository, one.digest)
        self._impose(self._cloud, "late delete", faults.late_write(IN_TIME), faults.registry("DELETE", path))
        self._hands.do(Push(repository, one, "v1"))
        self._until(lambda: self._held(repository, "v1") == one.digest)
        self._hands.do(Delete(repository, one.digest))
        self._until(lambda: self._cloud.fired(f"{PROVOKED} late delete") == 1)
        self._hands.do(Push(repository, one, "v1"))

    def stale_read(self) -> None:
        """The source answers what the tag meant before the push that is being told of."""
        repository = self._repository("stale")
        self._push(repository, "stale 1", "v1")
        self._until(lambda: self._held(repository, "v1") == image("stale 1").digest)
        self._impose(self._source, "stale", faults.stale_read(STALEST), faults.registry("GET|HEAD", faults.manifests(repository, "v1")))
        self._push(repository, "stale 2", "v1")

    def second_run(self) -> None:
        repository = self._repository("two-runs")
        for number in (1, 2, 3):
            self._push(repository, f"two runs {number}", "v1")

    def moved_and_deleted(self) -> None:
        """A tag moves, and an image is deleted, while an import is under way."""
        moved, deleted, one = self._repository("moved"), self._repository("deleted"), image("deleted")
        self._cloud.set_imports(latency_seconds=IN_TIME)
        self._push(moved, "moved 1", "v1")
        self._hands.do(Push(deleted, one, "v1"))
        self._until(lambda: all(self._cloud.imports(repository) for repository in (moved, deleted)))
        self._push(moved, "moved 2", "v1")
        self._hands.do(Delete(deleted, one.digest))

    def kill(self, disaster: Disaster) -> int:
        """While ARM's answer to the POST is on its way: it has begun the import, and nobody knows."""
        repository, before = self._repository("killed"), disaster.caught
        post = faults.arm("POST", IMPORT, holding=f'"{repository}@')
        self._impose(self._cloud, "kill", faults.hang("after"), post)
        self._push(repository, "killed", "v1")
        self._until(lambda: bool(self._cloud.imports(repository)))
        disaster.kill()
        caught, disaster.caught = disaster.caught - before, before
        return caught

    def _repository(self, name: str) -> str:
        return f"{PROVOKED}/{name}"

    def _push(self, repository: str, text: str, tag: str) -> None:
        self._hands.do(Push(repository, image(text), tag))

    def _impose(self, cloud: CloudControl, name: str, fault: faults.Json, on: faults.Json) -> None:
        cloud.impose(fault, on=on, times=1, name=f"{PROVOKED} {name}")

    def _held(self, repository: str, tag: str) -> str | None:
        return self._site.reading(self._target, repository, tag).digest

    def _until(self, true: Callable[[], bool]) -> None:
        eventually(true, bool, within=WITHIN)
