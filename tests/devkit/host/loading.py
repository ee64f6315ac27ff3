"""`python -m tests.devkit.host.loading`: load many small apps in one process, as the host loads its one.

Reads JSON {name: source of function_app.py} from standard input; writes {name: what loading raised, or "loaded"}."""

import json
import sys
import tempfile
from pathlib import Path

from devkit.host.worker import Worker

HEAD = """
from typing import Any, Dict, List, Optional, Union
import azure.functions as func
import azure.durable_functions as df
app = df.DFApp()
"""


def outcome(folder: Path, source: str) -> str:
    (folder / "function_app.py").write_text(HEAD + source)
    sys.modules.pop("function_app", None)
    sys.path[0] = str(folder)
    try:
        Worker.load(folder, None)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "loaded"


def main() -> None:
    sys.dont_write_bytecode = True  # the next source of the same second would be taken for the last
    outcomes = {}
    for name, source in json.load(sys.stdin).items():
        with tempfile.TemporaryDirectory() as folder:
            outcomes[name] = outcome(Path(folder), source)
    print(json.dumps(outcomes), file=sys.__stdout__)


if __name__ == "__main__":
    main()
