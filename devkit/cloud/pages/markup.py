"""HTML that cannot be broken out of: every text is escaped unless it is `Html`, which only this file makes."""

import html
from collections.abc import Iterable, Sequence

VOID = {"meta", "link"}


class Html(str):
    """Markup."""

    __slots__ = ()


def element(name: str, /, *content: object, **attributes: object) -> Html:
    """`class_` is the attribute `class`, `http_equiv` is `http-equiv`. An attribute of None is left out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"' for key, value in attributes.items() if value is not None
    )
    return Html(f"<{name}{given}>" if name in VOID else f"<{name}{given}>{joined(content)}</{name}>")


def joined(content: Iterable[object], between: str = "") -> Html:
    return Html(html.escape(between).join(one if isinstance(one, Html) else html.escape(str(one)) for one in content))


def style(rules: str) -> Html:
    """Of our own rules alone: they are not escaped."""
    return Html(f"<style>{rules}</style>")


def document(*content: object) -> bytes:
    """A lone surrogate, which JSON can hold and UTF-8 cannot, becomes a question mark."""
    return f'<!doctype html>\n<html lang="en">{joined(content)}</html>\n'.encode(errors="replace")


def link(text: object, href: str, *, title: str | None = None) -> Html:
    return element("a", text, href=href, title=title)


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[object]], *, more: object = "") -> Html:
    """A section of its own; without rows it says so."""
    body = [element("tr", *(element("td", cell) for cell in row)) for row in rows]
    shown = (
        element("div", element("table", element("tr", *(element("th", name) for name in head)), *body), class_="wide")
        if body
        else element("p", "none", class_="none")
    )
    return element("section", element("h2", caption), shown, more)


def facts(rows: Iterable[tuple[str, object]]) -> Html:
    """Names and values; what is None is left out."""
    known = [(name, value) for name, value in rows if value is not None]
    return element("dl", *(joined([element("dt", name), element("dd", value)]) for name, value in known))
