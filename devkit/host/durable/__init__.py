"""The durable engine: instances, histories, messages and activities in one SQLite file, one transaction an episode.

What the extension and its storage provider do for an app, for the JSON protocol of azure-functions-durable 1.x. Rewind and scheduled
signals are left out and say so. Source: "Durable Functions overview", "Durable orchestrations", "Task hubs"."""
