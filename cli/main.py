"""The commands. Exit status: 0 all is well, 1 what was looked at is not as it should be, 2 it could not be looked at."""

import typer

from cli import config

app = typer.Typer(
    name="mcpub", help="Operate multi-cloud-publish.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
app.add_typer(config.app, name="config")


@app.callback()
def commands() -> None:
    """There are groups of commands, though there be one."""


def run() -> None:
    app()
