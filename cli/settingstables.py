"""Settings as tables: whatever is a secret is shown by the name of its setting alone."""

from collections.abc import Mapping

from rich.table import Table

from replication.clouds import name_of
from replication.credential import ClientCertificate
from replication.patterns import Filter
from replication.scope import Scope
from replication.settings import Settings
from replication.targets import Egress, SourceToken, Target, identity_name
from replication.vaultsecret import SecretSource, VaultSecret

MASK = "••••"


def source_table(settings: Settings) -> Table:
    source = settings.source
    table = Table("source", "")
    table.add_row("registry", str(source.registry))
    table.add_row("login server", source.login_server)
    table.add_row("pull token", _token(source.token))
    table.add_row("key vaults read by", identity_name(source.vault_client_id))
    table.add_row("listed by", "nobody: SourceListingIdentity is not set" if source.listing is None else str(source.listing))
    table.add_row("way out", _way_out(source.egress))
    table.add_row("limits", _limits(settings.limits.to_json()))
    return table


def targets_table(settings: Settings) -> Table:
    table = Table("target", "cloud", "login server", "credential", "scope", "of its own", show_lines=True)
    for column in table.columns:
        column.overflow = "fold"
    for target in settings.targets.values():
        table.add_row(
            target.name, name_of(target.cloud), target.login_server, _credential(target), scope_in_words(target.scope), _own(target)
        )
    return table


def scope_in_words(scope: Scope) -> str:
    """`everything`, or what is wanted, where it lies, and what becomes of what is deleted or extra."""
    filters = (("repositories", scope.repositories), ("tags", scope.tags), ("media types", scope.media_types))
    words = [f"{name} {_filter(one)}" for name, one in filters if one]
    words += [f"{before or '(all)'} → {after or '(the same, without it)'}" for before, after in scope.prefixes.rules if before != after]
    words = words or ["everything"]
    words += ["deletes are kept"] if scope.deletes == "keep" else []
    words += ["extras are removed"] if scope.extras == "remove" else []
    return "\n".join(words)


def _filter(chosen: Filter) -> str:
    words = ", ".join(pattern.text for pattern in chosen.include) or "all"
    without = ", ".join(pattern.text for pattern in chosen.exclude)
    return f"{words} but not {without}" if without else words


def _credential(target: Target) -> str:
    credential = target.credential
    words = f"{credential.kind}: {credential.origin}"
    if isinstance(credential, ClientCertificate):
        if credential.password is not None and credential.password_setting is not None:
            words += f", password {MASK} ({_place(credential.password_setting, credential.password)})"
        words += ", with its chain" if credential.send_chain else ""
    return f"{words}\napplication {target.client_id}\ntenant {target.tenant_id}"


def _own(target: Target) -> str:
    words = [] if target.source_token is None else [f"source token {_token(target.source_token)}"]
    words += [] if target.egress == Egress() else [_way_out(target.egress)]
    words += [] if not target.limits else [_limits(target.limits)]
    return "\n".join(words)


def _token(token: SourceToken) -> str:
    return "\n".join(f"{token.name}, password {MASK} ({_place(setting, password)})" for setting, password in token.slots)


def _place(setting: str, source: SecretSource) -> str:
    return f"{setting} → {source.vault}/{source.name}" if isinstance(source, VaultSecret) else setting


def _way_out(egress: Egress) -> str:
    words = [f"through {egress.proxy}"] if egress.proxy else []
    words += [f"trusting {egress.ca_file} alone"] if egress.ca_file else []
    return ", ".join(words) or "direct"


def _limits(given: Mapping[str, float]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:g}{'' if name == 'rounds' else ' s'}" for name, value in given.items())
