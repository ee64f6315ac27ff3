"""Access keys: made at the first start, kept in `keys.json`, compared in constant time.

Source: "Work with access keys in Azure Functions" (levels; the query parameter `code`, the header `x-functions-key`)."""

import hmac
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from devkit.host.problem import Problem

NAMES = ("function", "master", "eventgrid_extension", "durabletask_extension")


class Keys:
    """Knows who may call what. Without `enforced` everybody may, as in the Core Tools."""

    def __init__(self, values: Mapping[str, str], enforced: bool) -> None:
        self.values = values
        self.enforced = enforced

    @classmethod
    def load(cls, folder: Path, enforced: bool) -> "Keys":
        """Raises `Problem`."""
        path = folder / "keys.json"
        known = _known(path)
        if missing := [name for name in NAMES if name not in known]:
            known |= {name: secrets.token_urlsafe(32) for name in missing}
            fresh = path.with_suffix(".new")
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                json.dump(known, file, indent=1)
            fresh.replace(path)
        return cls(known, enforced)

    def system(self, name: str) -> str:
        return self.values[name]

    def admit(self, request: web.Request, *names: str) -> bool:
        """Whether the request carries the master key or one of `names`."""
        if not self.enforced:
            return True
        given = (request.headers.get("x-functions-key") or request.query.get("code") or "").encode(errors="surrogateescape")
        return True in [hmac.compare_digest(given, self.values[name].encode()) for name in ("master", *names)]

    def admit_level(self, request: web.Request, level: str) -> bool:
        """`level` is a trigger's `authLevel`."""
        match level.upper():
            case "ANONYMOUS":
                return True
            case "FUNCTION":
                return self.admit(request, "function")
            case _:  # ADMIN
                return self.admit(request)


def _known(path: Path) -> dict[str, str]:
    try:
        value = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except ValueError:
        value = None
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value.values()):
        raise Problem(f"{path} is not a JSON object of keys: remove it, and it is made anew at the next start.")
    return value
