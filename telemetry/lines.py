"""Log lines: one for each change of state, `key=value` for a person and attributes for a query."""

import json
import logging
import re
from collections.abc import Mapping

_LOG = logging.getLogger("multi-cloud-publish")
_PLAIN = re.compile(r"[\w./:@+~!-]+", re.ASCII)


def tell(what: str, attributes: Mapping[str, str | int | float], level: int = logging.INFO) -> None:
    """A value that is no plain word is told in JSON, so that a line stays one line."""
    told = [f"{name}={value if _PLAIN.fullmatch(str(value)) else json.dumps(value)}" for name, value in attributes.items()]
    _LOG.log(level, " ".join([what, *told]), extra=dict(attributes))
