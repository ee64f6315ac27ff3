"""The validation handshake: a webhook proves that it wants the events (acr.md 1.4 [D]; docs: event-grid, end-point-validation).

The Event Grid schema posts an event with a code, to be sent back in the answer; CloudEvents ask by OPTIONS. A 200 that does neither leaves
ten minutes for a GET of the validation URL, by whoever can read what the endpoint received."""

import logging
import uuid
from typing import Any

import aiohttp
from aiohttp import web

from devkit.cloud.clock import Clock
from devkit.cloud.config.events import EventSubscription
from devkit.cloud.eventgrid import schedule, wire
from devkit.cloud.eventgrid.subscription import State, Subscription

ORIGIN = "eventgrid.azure.net"
PATH = "/eventsubscriptions/{name}/validate"

log = logging.getLogger("devkit.cloud")


class Handshake:
    def __init__(self, clock: Clock, subscription: Subscription, *, topic: str, arm_url: str) -> None:
        """`arm_url`: where the validation URL is served, to anybody."""
        self._clock = clock
        self._subscription = subscription
        self._topic = topic
        self._arm_url = arm_url

    async def perform(self) -> None:
        """With the subscription in force, if that still needs one."""
        settings = self._subscription.settings
        if settings is None or self._subscription.state != "Creating":
            return
        code = str(uuid.uuid4())
        url = f"{self._arm_url}{PATH.format(name=settings.name)}?id={code}&t={self._clock.text()}&apiVersion=2025-02-15"
        ask = _options if settings.schema == "CloudEventSchemaV1_0" else self._post
        self._subscription.proceed("Creating", code=code)  # who is quick fetches the URL before it answers; after a restart: anew
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=schedule.ANSWER_WITHIN)) as session:
            try:
                state, said = await ask(session, settings, code, url)
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                state, said = "Failed", type(error).__name__
        if not self._subscription.awaits(code):
            return  # another was set meanwhile, or the URL was fetched
        endpoint = settings.endpoint.partition("?")[0]
        why = f"The attempt to validate the provided endpoint {endpoint} failed: {said}."
        log.info("event subscription %s: handshake %s, %s", settings.name, state, said)
        self._subscription.proceed(state, code=code, why=why)

    def routes(self, validated: Any) -> list[web.RouteDef]:
        """`validated` is called once somebody has fetched the URL in time."""

        async def validate(request: web.Request) -> web.Response:
            if not self._subscription.validated_by_hand(request.query.get("id", "")):
                return web.Response(
                    status=400, text="The validation code is unknown, or ten minutes are over: create the subscription again."
                )
            validated()
            return web.Response(text="Webhook successfully validated as a subscription endpoint.")

        return [web.get(PATH, validate)]

    async def _post(self, session: aiohttp.ClientSession, settings: EventSubscription, code: str, url: str) -> tuple[State, str]:
        event = {
            "id": str(uuid.uuid4()),
            "topic": self._topic,
            "subject": "",
            "data": {"validationCode": code, "validationUrl": url},
            "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
            "eventTime": self._clock.text(),
            "metadataVersion": "1",
            "dataVersion": "1",
        }
        headers = wire.headers(settings, "SubscriptionValidation", data_version="1")
        async with session.post(settings.endpoint, json=[event], headers=headers, allow_redirects=False) as response:
            if response.status != 200:
                return "Failed", f"status {response.status}"
            answer = await _json(response)
        if isinstance(answer, dict) and "validationResponse" in answer:
            return ("Succeeded", "code returned") if answer["validationResponse"] == code else ("Failed", "another code was returned")
        return "AwaitingManualAction", "no code in the answer"


async def _options(session: aiohttp.ClientSession, settings: EventSubscription, _: str, url: str) -> tuple[State, str]:
    """CloudEvents, "HTTP 1.1 Web Hooks for Event Delivery", 4."""
    headers = {"WebHook-Request-Origin": ORIGIN, "WebHook-Request-Callback": url, "WebHook-Request-Rate": "120"}
    async with session.options(settings.endpoint, headers=headers, allow_redirects=False) as response:
        if response.status != 200:
            return "Failed", f"status {response.status}"
        allowed = response.headers.get("WebHook-Allowed-Origin")
    if allowed is None:
        return "AwaitingManualAction", "no WebHook-Allowed-Origin in the answer"
    return ("Succeeded", "origin allowed") if allowed in {ORIGIN, "*"} else ("Failed", "another origin is allowed")


async def _json(response: aiohttp.ClientResponse) -> Any:
    try:
        return await response.json(content_type=None)
    except ValueError:
        return None
