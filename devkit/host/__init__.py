"""A local Functions host stand-in: it runs an unmodified `function_app.py`, and is never deployed.

Microsoft's own Python worker library loads and calls the app, and the replay engine inside azure-functions-durable runs the
orchestrators. Ours is only what the host process does: HTTP and Event Grid triggers, keys, and a durable engine on SQLite that
survives `kill -9`. One process and one worker: no scale-out, no leases; restarts and timers are prompter than in Azure.

    python -m devkit.host --app DIR --settings local.settings.json --state DIR --port 7071 [--enforce-keys]"""
