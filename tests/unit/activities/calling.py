"""What the steps' tests are given."""

from collections.abc import Callable
from typing import Any

TARGETS = "ReplicationTargets"
Call = Callable[..., dict[str, Any]]
