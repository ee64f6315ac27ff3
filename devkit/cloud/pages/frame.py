"""What every page has: its head, its foot, and lists that go on on another page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web

from devkit.cloud.pages.look import HEADERS, STYLE
from devkit.cloud.pages.markup import Html, document, element, joined, link, style

PER_PAGE = 100
REFRESH = 5  # seconds

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    content: Sequence[object]

    def answer(self, request: web.Request, cloud: str, *, status: int = 200) -> web.Response:
        seconds = REFRESH if request.query.get("refresh") == str(REFRESH) else None
        head = [
            element("meta", charset="utf-8"),
            element("meta", name="viewport", content="width=device-width"),
            element("link", rel="icon", href="data:,"),
            element("title", f"{self.title} · {cloud}"),
            style(STYLE),
            *([element("meta", http_equiv="refresh", content=seconds)] if seconds else []),
        ]
        told = f"refresh every {REFRESH} s" if seconds is None else "stop refreshing"
        turned = request.rel_url.update_query(refresh=str(REFRESH)) if seconds is None else request.rel_url.without_query_params("refresh")
        nav = element("nav", link(f"{cloud}, a local cloud", "/"), link(told, str(turned)))
        foot = element(
            "footer", "A page of the devkit, not of Azure. It shows no secret and changes nothing; /control/ does, with the key."
        )
        body = element("body", nav, element("main", element("h1", self.title), *self.content), foot)
        return web.Response(status=status, body=document(element("head", *head), body), headers=HEADERS)


def page_of(
    request: web.Request, name: str, find: Callable[[str, int], Sequence[Item]], name_of: Callable[[Item], str]
) -> tuple[Sequence[Item], Html]:
    """The page of a list that begins after the query's `name`, and the links to its first and its next one. `find(last, count)` finds at
    most `count` after `last`."""
    last = request.query.get(name, "")
    found = find(last, PER_PAGE + 1)
    shown = found[:PER_PAGE]
    ways = []
    if last:
        ways.append(link("first page", str(request.rel_url.without_query_params(name))))
    if len(found) > PER_PAGE:
        ways.append(link("next page", str(request.rel_url.update_query({name: name_of(shown[-1])}))))
    return shown, element("p", joined(ways, " · ")) if ways else Html("")
