"""Route templates of HTTP triggers: `things/{id:int}/{rest?}`, `files/{*path}`.

Source: "Azure Functions HTTP trigger", customize the HTTP endpoint; "Routing in ASP.NET Core", templates and precedence."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from devkit.host.problem import Problem

CONSTRAINTS = {
    "int": r"-?\d{1,10}",
    "long": r"-?\d{1,19}",
    "alpha": "[A-Za-z]+",
    "bool": "[Tt]rue|[Ff]alse",
    "guid": "[0-9A-Fa-f]{8}(?:-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}",
}
PARAMETER = re.compile(r"\{(?P<star>\**)(?P<name>[A-Za-z_]\w*)(?::(?P<constraint>[^}?]+))?(?P<optional>\??)\}")


@dataclass(frozen=True, slots=True)
class Route:
    """A compiled template. `rank` sorts the more specific first: literals, constrained parameters, parameters, catch-all."""

    pattern: re.Pattern[str]
    rank: tuple[int, ...]

    @classmethod
    def parse(cls, template: str) -> "Route":
        text, rank = "", []
        for segment in filter(None, template.strip("/").split("/")):
            pieces, optional, weight = _segment(segment, template)
            text += f"(?:/{pieces})?" if optional else f"/{pieces}"
            rank.append(weight)
        return cls(re.compile(f"{text}/?", re.IGNORECASE), tuple(rank))

    def match(self, path: str) -> Mapping[str, str] | None:
        """Route parameters, percent-decoded (`%2F` stays as it is, as in ASP.NET); None when `path` is another's."""
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        return {name: unquote_segment(value) for name, value in found.groupdict().items() if value is not None}


def unquote_segment(text: str) -> str:
    return re.sub("%25(2[Ff])", r"%\1", unquote(re.sub("%(2[Ff])", r"%25\1", text)))


def _segment(segment: str, template: str) -> tuple[str, bool, int]:
    """One segment as (regular expression, optional, weight)."""
    text, place, optional, weight = "", 0, False, 0
    for found in PARAMETER.finditer(segment):
        value = ".*" if found["star"] else "[^/]+?"
        weight = 4 if found["star"] else max(weight, 2)
        if found["constraint"]:
            if found["constraint"] not in CONSTRAINTS:
                raise Problem(
                    f"The route {template!r} has the constraint {found['constraint']!r}; the local host knows {', '.join(CONSTRAINTS)}."
                )
            value, weight = CONSTRAINTS[found["constraint"]], 1
        optional = optional or bool(found["optional"]) or bool(found["star"])
        text += re.escape(segment[place : found.start()]) + f"(?P<{found['name']}>{value})"
        place = found.end()
    text += re.escape(segment[place:])
    if "{" in PARAMETER.sub("", segment):
        raise Problem(
            f"The route {template!r} has a segment {segment!r} that the local host does not understand:"
            " write {name}, {name?}, {name:int} or {*name}."
        )
    return text, optional, weight
