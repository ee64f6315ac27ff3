"""What happens to processes and credentials in the middle of it: at operations that the seed has chosen, each a moment later."""

import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from devkit.local.app_settings import secret_setting
from devkit.local.clouds import PULL_TOKEN, TARGETS
from devkit.local.files import write_private
from tests.chaos.records import Records
from tests.e2e.running import CLIENTS, Site

EACH = 200  # operations for each kill and each restart
AT_LEAST = 3
TOLD_AFTER = 2.0  # seconds, after which the app's settings follow a rotation


@dataclass(frozen=True, slots=True, order=True)
class Accident:
    at: int  # the operation
    what: str  # "kill" of the host, "restart" of a cloud, "rotate" its credential
    who: str
    after: float  # seconds


def accidents(seed: int, operations: int, targets: list[str]) -> list[Accident]:
    dice = random.Random(f"accidents {seed}")

    def one(what: str, who: str) -> Accident:
        return Accident(dice.randrange(operations // 10, operations), what, who, dice.random())

    many = max(AT_LEAST, operations // EACH)
    clouds = ["source", *targets]
    kills = [one("kill", "host") for _ in range(many)]
    restarts = [one("restart", clouds[number % len(clouds)]) for number in range(many)]
    return sorted([*kills, *restarts, one("rotate", "source"), one("rotate", targets[0])])


class Disaster(threading.Thread):
    """`reached` is told each operation that begins."""

    def __init__(self, site: Site, records: Records, planned: list[Accident]) -> None:
        super().__init__(name="accidents", daemon=True)
        self._site = site
        self._records = records
        self._planned = planned
        self._reached = 0
        self._told = threading.Condition()
        self.done: Counter[str] = Counter()
        self.caught = 0  # imports whose POST had begun them when the host died before it had noted that
        self.broke: BaseException | None = None

    def reached(self, operation: int) -> None:
        with self._told:
            self._reached = operation
            self._told.notify()

    def finish(self) -> None:
        """All of it has happened."""
        self.join()
        if self.broke is not None:
            raise self.broke

    def run(self) -> None:
        try:
            for accident in self._planned:
                with self._told:
                    self._told.wait_for(lambda at=accident.at: self._reached >= at)  # type: ignore[misc]
                time.sleep(accident.after)
                match accident.what:
                    case "kill":
                        self.kill()
                    case "restart":
                        self._site.stack.clouds[accident.who].restart()
                    case _:
                        self._rotate(accident.who)
                self.done[f"{accident.what} {accident.who}"] += 1
        except BaseException as error:
            self.broke = error

    def kill(self) -> None:
        host = self._site.stack.host
        host.kill()
        self.caught += sum(1 for _ in self._between_post_and_checkpoint())
        host.start()

    def _between_post_and_checkpoint(self) -> Iterator[str]:
        imports = {target: self._records.imports(target) for target in self._records.targets}
        for target, repository, digest, scheduled in self._records.unanswered():
            for one in imports[target]:
                if (one.repository, one.digest) == (repository, digest) and one.began >= scheduled:
                    yield one.operation

    def _rotate(self, cloud: str) -> None:
        """The hard way: the old one is useless at once, and the app's settings follow later."""
        control, new = self._site.clouds[cloud], secrets.token_urlsafe(32)
        self._site.secrets[f"the new one of {cloud}"] = new
        if cloud == "source":
            control.set_password(PULL_TOKEN, "password1", new)
            self._tell("SourceACRPullTokenPassword", new)
            return
        client = CLIENTS[cloud]
        old = [secret["id"] for app in control.apps() if app["clientId"] == client for secret in app["secrets"]]
        control.set_secret(client, "new", new)
        for name in old:
            control.remove_secret(client, name)
        self._tell(secret_setting(next(facts for facts in TARGETS if facts.name == cloud)), new)

    def _tell(self, setting: str, value: str) -> None:
        """A host that finds its settings changed starts again."""
        time.sleep(TOLD_AFTER)
        stack = self._site.stack
        stack.app_settings[setting] = value
        write_private(stack.settings_file, {"IsEncrypted": False, "Values": stack.app_settings})
