"""The data plane of a container registry: the OCI distribution API and ACR's own `/acr/v1`."""
