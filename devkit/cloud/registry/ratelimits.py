"""How many calls a minute the data plane takes, of all together and of one identity (acr.md 6 [D]). Off unless the settings say otherwise.

Azure's buckets are per replica and "best effort"; here a window is a minute of the cloud's clock, and exact. Counts do not outlive the
process."""

import math
from collections import Counter
from collections.abc import Iterable
from urllib.parse import unquote

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from devkit.cloud.clock import Clock
from devkit.cloud.errors import RegistryRefusal
from devkit.cloud.faults.callers import claimed
from devkit.cloud.registry.routes import REFERRERS, pattern
from devkit.cloud.registrysettings import RegistrySettings

WINDOW = 60.0  # seconds
_REFERRERS = pattern(REFERRERS)


def limiting(settings: RegistrySettings, clock: Clock) -> Middleware:
    """Passes on at once while there are no limits. Whoever a call claims to come from has it counted, proven or not."""
    window = _Window(clock)

    @web.middleware
    async def limit(request: web.Request, handler: Handler) -> web.StreamResponse:
        limits = settings.now.rate_limits
        if limits is not None:
            identity = await claimed(request)
            keys = [(name, scope, who) for name in _classes(request) for scope, who in (("registry", ""), ("identity", identity))]
            window.count({key: limits.most[key[:2]] for key in keys if key[:2] in limits.most and (key[1] == "registry" or identity)})
        return await handler(request)

    return limit


class _Window:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._number = -1
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def count(self, most: dict[tuple[str, str, str], int]) -> None:
        """Raises the 429; its `Retry-After` counts down to the window's end. What is refused is not counted."""
        now = self._clock.now()
        if (number := int(now // WINDOW)) != self._number:
            self._number, self._counts = number, Counter()
        if any(self._counts[key] >= limit for key, limit in most.items()):
            headers = {"Retry-After": str(math.ceil((number + 1) * WINDOW - now))}
            raise RegistryRefusal(429, "TOOMANYREQUESTS", "too many requests", headers=headers)
        self._counts.update(most.keys())


def _classes(request: web.Request) -> Iterable[str]:
    """A list of referrers counts as a read as well."""
    path = request.rel_url.raw_path
    if path.startswith("/oauth2/"):
        return ["oauth"]
    if request.method == "DELETE":
        return ["delete"]
    if request.method in {"PUT", "PATCH", "POST"}:
        return ["write"]
    return ["read", "referrers"] if _REFERRERS.fullmatch(unquote(path)) else ["read"]
