"""Why no whole answer came, read off the classes of exceptions alone: their texts may hold a URL or a request.

Under azure-core's errors, which tell less, are those of aiohttp. Source: aiohttp, client reference, "Hierarchy of exceptions"."""

from dataclasses import dataclass

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientHttpProxyError,
    ClientProxyConnectionError,
    ClientSSLError,
    ConnectionTimeoutError,
    InvalidURL,
)

from replication.failures import Code, Failure, Kind

HINT = "It is tried again by itself; if it lasts, check the network between the app and that host (DNS, firewall, private endpoint)."
NOT_TRUSTED = (
    "Who signed it? A private authority, or a proxy that looks into TLS, has to be named: caFile of a target, SourceCAFile of the source."
    " Else something stands in that host's place (private DNS)."
)
NO_NAME = "Which DNS does the app ask, and does it know that name (private DNS zone, private endpoint)? It is tried again by itself."
REFUSED = "Is the port right, and does a firewall stand between? It is tried again by itself."
PROXY_DOWN = "Is the proxy that the settings (proxy, SourceProxy) or the environment (HTTPS_PROXY) name running, and its port right?"
PROXY_DENIES = "That proxy turned the app away before the host was reached: let the app through it to that host; it sends no credentials."
BEFORE_SENDING: tuple[tuple[type[Exception], str, str], ...] = (  # the first that fits counts
    (ClientProxyConnectionError, "the proxy takes no connection ({inner})", PROXY_DOWN),
    (ClientConnectorCertificateError, "its certificate is not trusted", NOT_TRUSTED),
    (ClientConnectorDNSError, "its name does not resolve", NO_NAME),
    (ClientSSLError, "TLS did not come about ({inner})", HINT),
    (ClientConnectorError, "it takes no connection ({inner})", REFUSED),
    (ConnectionTimeoutError, "it takes no connection in time", REFUSED),
    (InvalidURL, "that is no address", HINT),
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """`sent`: the request may have had its effect."""

    words: str
    hint: str = HINT
    sent: bool = False
    kind: Kind = "transient"
    code: Code = "unreachable"

    def failure(self, doing: str, host: str) -> Failure:
        words = f"no whole answer from {host}: {self.words}"
        return Failure(kind=self.kind, code=self.code, doing=doing, said=words, hint=self.hint)


def trouble_of(error: Exception) -> Trouble:
    """What is not known to have failed before the request went out may have had its effect."""
    cause = _cause(error)
    if isinstance(cause, ClientHttpProxyError):
        words = f"the proxy answered {cause.status}"
        denied = cause.status in (401, 403, 407)
        return Trouble(words, PROXY_DENIES, kind="denied", code="network_denied") if denied else Trouble(words)
    for kind, words, hint in BEFORE_SENDING:
        if isinstance(cause, kind):
            return Trouble(words.format(inner=type(getattr(cause, "os_error", cause)).__name__), hint)
    return Trouble(type(cause).__name__, sent=True)


def unreachable(doing: str, host: str, words: str) -> Failure:
    """`words` are ours."""
    return Trouble(words).failure(doing, host)


def _cause(error: BaseException) -> BaseException:
    """What aiohttp raised, where it is below; else the error itself."""
    below: BaseException | None = error
    while below is not None:
        if type(below).__module__.startswith("aiohttp"):
            return below
        below = below.__cause__
    return error
