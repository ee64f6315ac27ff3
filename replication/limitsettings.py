"""The limits as the settings have them, for all targets and for one."""

from collections.abc import Mapping

from replication.fields import Fields
from replication.limits import Limits
from replication.mistakes import Mistakes

LIMITS = {  # setting -> field of Limits, and the most that it may be, in seconds
    "ReplicationSettle": ("settle", 3600),
    "ReplicationDeleteDelay": ("delete_delay", 86_400),
    "ReplicationRecheck": ("recheck", 7200),
    "ReplicationUntaggedWait": ("untagged_wait", 86_400),
    "ReplicationUnknownImport": ("unknown_import", 86_400),
    "ReplicationPatience": ("patience", 86_400),
    "ReplicationWaiting": ("waiting", 2_592_000),
    "ReplicationProbe": ("probe", 3600),
    "ReplicationImportDeadline": ("import_deadline", 86_400),
}
REMOVALS = "ReplicationRemovals"  # manifests of a deleted repository that go without an operator's word
OF_AN_EVENT = {"ReplicationDeleteDelay"}  # spent before its targets are told apart


def _in_a_target(setting: str) -> str:
    """`ReplicationImportDeadline` -> `importDeadline`."""
    name = setting.removeprefix("Replication")
    return name[0].lower() + name[1:]


LIMITS_OF_A_TARGET = {_in_a_target(setting): limit for setting, limit in LIMITS.items() if setting not in OF_AN_EVENT}


def parse_limits(values: Mapping[str, str], mistakes: Mistakes) -> Limits:
    given = {}
    for setting, (field, most) in LIMITS.items():
        text = values.get(setting)
        if not text:
            continue
        try:
            seconds = float(text)
        except ValueError:
            seconds = -1
        if not 0 <= seconds <= most:  # NaN is not either
            mistakes.add(setting, f"is not a number of seconds from 0 to {most}", "60")
        given[field] = seconds
    if text := values.get(REMOVALS):
        count = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
        if count is None:
            mistakes.add(REMOVALS, "is not a number of manifests", "100")
        given["removals"] = count or 0
    return Limits.from_json(given)


def parse_target_limits(fields: Fields) -> Mapping[str, float]:
    """Fields of `Limits`, those that are given."""
    limits = fields.object("limits", '{"patience": 7200}')
    limits.only(LIMITS_OF_A_TARGET)
    given = {}
    for name, (field, most) in LIMITS_OF_A_TARGET.items():
        if name not in limits.value:
            continue
        seconds = limits.value[name]
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= most:
            limits.wrong(name, f"is not a number of seconds from 0 to {most}", "60")
        else:
            given[field] = float(seconds)
    return given
