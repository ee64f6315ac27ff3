"""Events: which were published and how their delivery stands, where they go, what chance does to them, and events made to order."""

from aiohttp import web

from devkit.cloud.control.answers import json_object, refused
from devkit.cloud.eventgrid.chaos import ChaosSettings
from devkit.cloud.eventgrid.forge import Order, forge
from devkit.cloud.parts import Parts


def routes(parts: Parts) -> list[web.RouteDef]:
    grid = parts.eventgrid

    async def events(_: web.Request) -> web.Response:
        return web.json_response(grid.queue.to_json())

    async def publish(request: web.Request) -> web.Response:
        """`{"repository", "action"?, "tag"?, "digest"?, "copies"?, "connectedRegistry"?, "locations"?, "overrides"?, "without"?}`."""
        try:
            order = Order.from_json(await json_object(request))
        except KeyError as error:
            raise ValueError(f"the event lacks {error}") from None
        if grid.subscription.matching is None:
            return refused(409, "nobody is subscribed: PUT /control/event-subscription first")
        made = forge(order, parts.events, parts.config.login_server)
        with parts.database.transaction():
            for event in made:
                grid.queue.publish(event)
        return web.json_response(made)

    async def subscription(_: web.Request) -> web.Response:
        return web.json_response(grid.to_json())

    async def subscribe(request: web.Request) -> web.Response:
        """Kept over a restart; what is left out stays. The answer leaves out the endpoint's query, which may hold a key. With an endpoint
        of null nothing is kept or sent. A webhook has been validated by then, or refused: `provisioningState` tells."""
        await grid.subscribe(await json_object(request))
        return web.json_response(grid.to_json())

    async def unsubscribe(_: web.Request) -> web.Response:
        grid.unsubscribe()
        return web.json_response(grid.to_json())

    async def dead_letters(_: web.Request) -> web.Response:
        return web.json_response(grid.dead_letters.to_json())

    async def chaos(_: web.Request) -> web.Response:
        return web.json_response({**grid.chaos.now.to_json(), **grid.queue.counts()})

    async def set_chaos(request: web.Request) -> web.Response:
        """`{"duplicates"?, "drop"?, "reorder"?, "delaySeconds"?, "seed"?}`; what is left out is off. Of events published from now on."""
        grid.chaos.set(ChaosSettings.from_json(await json_object(request)))
        return await chaos(request)

    return [
        web.get("/control/events", events),
        web.post("/control/events", publish),
        web.get("/control/event-subscription", subscription),
        web.put("/control/event-subscription", subscribe),
        web.delete("/control/event-subscription", unsubscribe),
        web.get("/control/dead-letters", dead_letters),
        web.get("/control/event-chaos", chaos),
        web.put("/control/event-chaos", set_chaos),
    ]
