"""Settings of ours that nobody reads: a name written wrongly sets nothing, without a word.

Before a deployment that is a mistake. Where the app runs it is told as a gap and keeps nothing from being replicated: the setting may be
there for the release that comes next, or stand for the one that was before."""

import difflib
import re
from collections.abc import Mapping

from replication.limitsettings import LIMITS, REMOVALS
from replication.mistakes import Mistake
from replication.settings import SINGLE_TARGET
from replication.storesetting import SETTING as STORE
from replication.targetlist import SETTING as TARGETS
from replication.targets import PASSWORD_SETTING, SECOND_PASSWORD_SETTING
from replication.vaultsecret import AUDIENCE_SETTING

KNOWN = {
    "SourceACRLoginServer",
    "SourceACRPullTokenExpires",
    "SourceACRPullTokenName",
    "SourceACRResourceId",
    "SourceAzureEnvironmentName",
    "SourceCAFile",
    "SourceListingIdentity",
    "SourceProxy",
    "SourceVaultIdentity",
    *(PASSWORD_SETTING, SECOND_PASSWORD_SETTING, AUDIENCE_SETTING),
    *(STORE, TARGETS, REMOVALS),
    *LIMITS,
    *SINGLE_TARGET,
}
OURS = re.compile(r"(Replication|Source(ACR|Azure|CA|Listing|Proxy|Vault)|Target(ACR|Azure))\w{0,100}", re.IGNORECASE | re.ASCII)
ALIKE = 0.6  # of difflib's ratio


def unknown_settings(values: Mapping[str, str]) -> tuple[Mistake, ...]:
    """Settings that others name (one that holds a target's secret, the store's connection) may be called anything."""
    return tuple(_mistake(name) for name in sorted(values) if OURS.fullmatch(name) and name not in KNOWN and not _is_named(name, values))


def _is_named(name: str, values: Mapping[str, str]) -> bool:
    return f'"{name}"' in (values.get(TARGETS) or "") or name.partition("__")[0] == values.get(STORE)


def _mistake(name: str) -> Mistake:
    alike = {one.lower(): one for one in sorted(KNOWN)}
    nearest = difflib.get_close_matches(name.lower(), alike, n=1, cutoff=ALIKE)
    wrong = "is no setting of the app, which does not read it"
    return Mistake(name, f"{wrong}: is {alike[nearest[0]]} meant?" if nearest else wrong, alike[nearest[0]] if nearest else "remove it")
