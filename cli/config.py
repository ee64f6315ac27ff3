"""`mcpub config check|show`: the app's settings, judged as the app judges them, before they are deployed. No secret is printed."""

import time
from collections.abc import Mapping
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from cli.settingstables import source_table, targets_table
from cli.values import Unreadable, read_values
from replication.doubts import doubts
from replication.mistakes import InvalidSettings, Mistake
from replication.settings import Settings
from replication.telemetrysettings import export_mistakes, protocol_mistakes
from replication.unknownsettings import unknown_settings

app = typer.Typer(help="The app's settings, before they are deployed.", no_args_is_help=True)
From = Annotated[
    str | None,
    typer.Argument(
        metavar="[FILE]",
        help="local.settings.json, what 'az functionapp config appsettings list' prints, or lines of NAME=VALUE; '-' for standard input."
        " Without it: the environment.",
    ),
]
WIDE = 240  # columns where nobody looks: a table in a file or a pipe is not cut to a terminal's width


@app.command()
def check(file: From = None) -> None:
    """Tell every mistake, each with its setting, what is wrong and an example; exit status 1 if there is any."""
    values = _values(file)
    settings, mistakes = _parsed(values)
    mistakes += (*unknown_settings(values), *doubts(values, settings, time.time()))
    mistakes += (*export_mistakes(values), *protocol_mistakes(values))
    if settings is None or mistakes:
        _end(1, _told(mistakes))
    count = len(settings.targets)
    _console().print(f"All settings are right: {count} target{'' if count == 1 else 's'}.")


@app.command()
def show(file: From = None) -> None:
    """Show the source and the targets as the app understands them."""
    settings, mistakes = _parsed(_values(file))
    if settings is None:
        _end(1, _told(mistakes))
    console = _console()
    console.print(source_table(settings))
    console.print(targets_table(settings))


def _values(file: str | None) -> Mapping[str, str]:
    try:
        return read_values(file)
    except Unreadable as unreadable:
        _end(2, str(unreadable))


def _parsed(values: Mapping[str, str]) -> tuple[Settings | None, tuple[Mistake, ...]]:
    try:
        return Settings.parse(values), ()
    except InvalidSettings as invalid:
        return None, invalid.mistakes


def _told(mistakes: tuple[Mistake, ...]) -> str:
    told = [f"{one.setting} {one.wrong}\n    example: {one.example}" for one in mistakes]
    return "\n".join([f"{len(told)} mistake{'' if len(told) == 1 else 's'}:", *told])


def _end(status: int, words: str) -> NoReturn:
    _console(stderr=True).print(words, soft_wrap=True)
    raise typer.Exit(status)


def _console(*, stderr: bool = False) -> Console:
    """Nothing in a setting's name or a pattern is taken for markup."""
    console = Console(markup=False, emoji=False, highlight=False, stderr=stderr)
    if not console.is_terminal:
        console.width = max(console.width, WIDE)
    return console
