"""`mcpub`, the operator's command line. It runs on a person's machine, never in the Function App."""
