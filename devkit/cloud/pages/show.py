"""How the values of a registry are written for people."""

from typing import Any
from urllib.parse import quote

from devkit.cloud.pages.markup import Html, element, link

STATES = {
    "delivered": "good", "succeeded": "good", "Succeeded": "good",
    "dead": "bad", "dropped": "bad", "failed": "bad", "Failed": "bad",
    "pending": "wait", "running": "wait", "Creating": "wait", "AwaitingManualAction": "wait",
}  # fmt: skip


def size(count: int) -> str:
    """Bytes, in the unit that leaves one to three digits before the point."""
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"


def moment(stamp: str | None) -> Html:
    """An RFC 3339 time, to the second."""
    return element("time", "" if stamp is None else stamp.partition(".")[0].removesuffix("Z").replace("T", " "))


def state(name: str) -> Html:
    return element("span", name, class_=STATES.get(name))


def short(digest: str) -> Html:
    """Enough to tell one from another by eye; the whole where the mouse rests."""
    algorithm, _, encoded = digest.partition(":")
    return element("code", f"{algorithm}:{encoded[:12]}", title=digest)


def repository_link(name: str) -> Html:
    return link(name, f"/repositories/{quote(name)}")


def manifest_link(repository: str, digest: str, text: object = None) -> Html:
    return link(short(digest) if text is None else text, f"/manifests/{quote(repository)}@{quote(digest, safe=':')}")


def platform(value: Any) -> str | None:
    """`os/architecture/variant` of an image's config, or of what an index says of a child; None where it says nothing."""
    if not isinstance(value, dict):
        return None
    said = [value.get(name) for name in ("os", "architecture", "variant")]
    return "/".join(part[:40] for part in said if isinstance(part, str) and part) or None
