"""The HTTP API. Importing this package registers its routes."""

from api import reconcile, status
from api.blueprint import bp

__all__ = ["bp", "reconcile", "status"]
