"""The table of clients and verbs says no more than the tests do."""

import importlib
from pathlib import Path

from tests.devkit.clients.table import CLIENTS, VERBS, covered


def test_each_cell_of_the_table_has_a_test_or_a_reason() -> None:
    for path in Path(__file__).parent.glob("test_clients_*.py"):
        importlib.import_module(f"tests.devkit.clients.{path.stem}")
    declared = {(verb, client.program) for verb in VERBS for client in CLIENTS if verb not in client.lacks}
    assert covered == declared
    assert not [verb for client in CLIENTS for verb in {*client.lacks, *client.ways} if verb not in VERBS]
