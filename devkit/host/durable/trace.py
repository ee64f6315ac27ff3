"""W3C trace contexts of orchestrations and tasks: derived from what is stored, so a re-delivered task keeps its span.

Source: W3C Trace Context, `traceparent`; "Distributed tracing in Durable Functions" (V2)."""

import hashlib
import re
import secrets

TRACEPARENT = re.compile("00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def incoming(header: str | None) -> str:
    """The caller's trace with the span of the invocation it starts; a new trace when there is none."""
    if header and TRACEPARENT.fullmatch(header):
        return f"{header[:36]}{secrets.token_hex(8)}{header[52:]}"
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def calling(header: str | None) -> str:
    """The caller's own span, or one that begins a trace."""
    return header if header and TRACEPARENT.fullmatch(header) else incoming(None)


def child(parent: str, execution: str, task: int) -> str:
    """The span of task number `task` in one execution of an orchestration."""
    span = hashlib.sha256(f"{parent}/{execution}/{task}".encode()).hexdigest()[:16]
    return f"{parent[:36]}{span}{parent[52:]}"
