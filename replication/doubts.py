"""What the app would take as it stands, and yet can hardly be meant: looked for before a deployment.

Where the app runs none of it is a mistake: a date that has passed may be that of a password which was renewed since, and the figure
credential.expiry tells it."""

import re
from collections.abc import Iterator, Mapping

from replication.credential import ClientSecret
from replication.mistakes import Mistake
from replication.settings import Settings
from replication.texts import DATE_EXAMPLE, end_of_day

PAST = "is in the past: has it been renewed, and the date not with it?"
NO_TIME = "is 0: every import would be given up before it has ended"
HUB, STRICT = "TASK_HUB_NAME", "AZURE_FUNCTIONS_DURABLE_STRICT_TYPING"
_HUB_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{2,44}")  # "Task hubs in Durable Functions", names


def doubts(values: Mapping[str, str], settings: Settings | None, now: float) -> tuple[Mistake, ...]:
    """`settings`: what `values` parse to, if they do. `now`: seconds since 1970."""
    return (*_of_values(values, now), *(() if settings is None else _of_targets(settings, now)))


def _of_values(values: Mapping[str, str], now: float) -> Iterator[Mistake]:
    ends = end_of_day(values.get("SourceACRPullTokenExpires"))
    if ends is not None and ends < now:
        yield Mistake("SourceACRPullTokenExpires", PAST, DATE_EXAMPLE)
    if _is_zero(values.get("ReplicationImportDeadline")):
        yield Mistake("ReplicationImportDeadline", NO_TIME, "7200")
    if (hub := values.get(HUB)) and not _HUB_NAME.fullmatch(hub):
        yield Mistake(HUB, "is no name of a task hub (3 to 45 letters and digits, a letter first)", "MultiCloudPublish")
    if values.get(STRICT, "1") != "1":
        yield Mistake(STRICT, "is not 1: the SDK would revive whatever class a stored text names", "1")


def _of_targets(settings: Settings, now: float) -> Iterator[Mistake]:
    for number, target in enumerate(settings.targets.values()):
        where = f"ReplicationTargets[{number}]"
        credential = target.credential
        if isinstance(credential, ClientSecret) and credential.expires is not None and credential.expires < now:
            yield Mistake(f"{where}.clientSecretExpires", PAST, DATE_EXAMPLE)
        if target.limits.get("import_deadline") == 0:
            yield Mistake(f"{where}.limits.importDeadline", NO_TIME, "7200")


def _is_zero(text: str | None) -> bool:
    try:
        return text is not None and float(text) == 0
    except ValueError:
        return False
