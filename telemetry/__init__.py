"""OpenTelemetry: spans, figures and log lines of what the app does. Where no exporter is set up nothing is exported, and no SDK imported.

Recorded in triggers and activities alone, since an orchestrator is replayed. Attributes are names, digests and codes, the same ones on
spans, figures and lines: no secret, no URL, no text that came from outside unparsed."""

from telemetry import figures
from telemetry.exporters import configure, exporting
from telemetry.lines import tell
from telemetry.requests import request
from telemetry.spans import span

__all__ = ["configure", "exporting", "figures", "request", "span", "tell"]
