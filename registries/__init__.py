"""Clients of what lies outside: the source's and the targets' registries, ARM, Entra. Each refusal becomes a `Failure`; no caller sees a
token or a status code, and no client sleeps: pauses belong to the orchestrators."""
