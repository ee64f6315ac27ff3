"""`python -m cli`: the same as `mcpub`."""

from cli.main import run

run()
