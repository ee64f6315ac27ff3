"""Every command of Azure's that a hint or docs/troubleshooting.md gives is one that there is, with options that it has.

The table is of the command line's reference ("az acr", "az ad", "az keyvault" …), typed by hand: `!` marks what is needed."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("activities", "api", "cli", "ledger", "orchestrators", "registries", "replication")
ALWAYS = {"--query", "--output", "--subscription"}
TABLE = {
    "account get-access-token": "--resource --tenant",
    "account show": "",
    "acr check-health": "--name --yes",
    "acr config authentication-as-arm show": "--registry!",
    "acr config retention show": "--registry!",
    "acr config soft-delete update": "--registry! --status --days",
    "acr import": "--name! --source! --username+ --password+ --force --image --registry",
    "acr login": "--name! --username+ --password+ --expose-token",
    "acr manifest list-deleted": "--registry! --name!",
    "acr manifest restore": "--registry! --name! --digest --force --yes",
    "acr manifest show": "--registry! --name! --raw",
    "acr manifest show-metadata": "--registry! --name!",
    "acr network-rule add": "--name! --ip-address!",
    "acr network-rule list": "--name!",
    "acr repository show": "--name! --image --repository",
    "acr repository update": "--name! --image --repository --write-enabled --delete-enabled --read-enabled --list-enabled",
    "acr scope-map show": "--registry! --name!",
    "acr scope-map update": "--registry! --name! --add-repository --remove-repository",
    "acr show": "--name! --resource-group",
    "acr show-endpoints": "--name!",
    "acr show-usage": "--name!",
    "acr token credential generate": "--registry! --name! --password1 --password2 --expiration --expiration-in-days",
    "acr token show": "--registry! --name!",
    "acr update": "--name! --sku --allow-exports --allow-trusted-services",
    "ad app credential list": "--id! --cert",
    "ad app credential reset": "--id! --append --cert",
    "ad app federated-credential list": "--id!",
    "ad sp show": "--id!",
    "ad sp update": "--id! --set",
    "cloud set": "--name!",
    "functionapp config appsettings list": "--name! --resource-group!",
    "functionapp config appsettings set": "--name! --resource-group! --settings",
    "functionapp identity assign": "--name! --resource-group! --identities",
    "functionapp identity show": "--name! --resource-group!",
    "keyvault network-rule add": "--name! --ip-address",
    "keyvault secret recover": "--vault-name! --name!",
    "keyvault secret set": "--vault-name! --name! --file --value",
    "keyvault secret set-attributes": "--vault-name! --name! --enabled",
    "keyvault secret show": "--vault-name! --name!",
    "keyvault set-policy": "--name! --secret-permissions --object-id",
    "lock list": "--resource-group",
    "login": "--service-principal --username --tenant --certificate",
    "monitor app-insights query": "--app! --analytics-query!",
    "monitor metrics list": "--resource! --metric --metrics",
    "policy state list": "--resource",
    "provider register": "--namespace!",
    "resource show": "--ids!",
    "resource update": "--ids! --set",
    "role assignment create": "--assignee! --role! --scope!",
    "role assignment list": "--assignee --scope",
    "role definition list": "--name",
    "role definition update": "--role-definition!",
    "storage account show": "--name!",
    "storage table list": "--account-name! --auth-mode",
    "webapp config appsettings list": "--name! --resource-group!",
}  # fmt: skip
STARTS = {name[: name.index(" ", at)] for name in TABLE for at in range(len(name)) if " " in name[at:]}


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """What follows each `az`, and the options up to the end of its sentence; a bare group is a mention."""
    plain = re.sub(r"<[^>]*>|'[^' ]*( [^']*)?'|\"[^\"]*\"", "X", text.replace("\n", " "))
    for written in re.split(r"(?<![\w-])az (?=[a-z])", plain)[1:]:
        words, options = list[str](), list[str]()
        for word in written.split(" "):
            bare = word.strip("`.,;:?!)('")
            if not options and " ".join([*words, bare]) in {*TABLE, *STARTS}:
                words.append(bare)
            elif bare.startswith("--"):
                options.append(bare)
            elif not options:
                break
            if word[-1:] in (*"`.,;:?!)", ""):
                break
        if (name := " ".join(words)) not in STARTS or options:
            yield name or written[:40], options


def texts(file: Path) -> Iterator[str]:
    """Of the strings in a module, with X for what is filled in."""
    tree = ast.parse(file.read_text())
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            yield node.value


GIVEN = sorted(
    {
        (where.name, name, " ".join(options))
        for where in (ROOT / "docs" / "troubleshooting.md", *(file for one in FOLDERS for file in (ROOT / one).rglob("*.py")))
        for text in (re.findall(r"`([^`]+)`", where.read_text()) if where.suffix == ".md" else texts(where))
        for name, options in commands(text)
    }
)


def wrong_of(name: str, options: list[str]) -> str | None:
    if name not in TABLE:
        return "there is no such command"
    known = {option.rstrip("!+"): option[-1] for option in TABLE[name].split()}
    if unknown := set(options) - known.keys() - ALWAYS:
        return f"it has no {unknown}"
    missing = {option for option, mark in known.items() if mark == "!"} - set(options)
    together = {option for option, mark in known.items() if mark == "+"}
    if options and missing:
        return f"it needs {missing}"
    return f"{together} go together" if 0 < len(together & set(options)) < len(together) else None


@pytest.mark.parametrize("where, name, options", GIVEN)
def test_a_command_is_one_that_there_is(where: str, name: str, options: str) -> None:
    assert wrong_of(name, options.split()) is None


def test_the_commands_are_found() -> None:
    """Those of the documentation, of hints, and of hints whose parts are put together."""
    assert {
        ("troubleshooting.md", "acr login", "--name --expose-token"),
        ("arm.py", "role assignment create", "--assignee --role --scope"),
    } < set(GIVEN)
    assert len(GIVEN) > 70
    assert list(commands("(az acr show --ids /a/b). Then az lock list, and `az acr`")) == [("acr show", ["--ids"]), ("lock list", [])]
    assert wrong_of("acr show", ["--ids"]) and wrong_of("acr import", ["--name", "--source", "--username"])
    assert list(commands("az nonsense here")) and wrong_of("nonsense", [])
