"""Event Grid: the system topic of the cloud's registry with its one event subscription (acr.md 1)."""
