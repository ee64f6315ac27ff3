"""The OCI distribution conformance suite, run against a local cloud: `make conformance`."""
