"""The local stack: three clouds and the host with the app, as processes that start, stop and go on together."""
