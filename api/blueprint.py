"""Where the routes register. Every one wants a function key: the app's level, which a blueprint cannot set."""

import azure.durable_functions as df

bp = df.Blueprint()
