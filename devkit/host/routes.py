"""Route templates of HTTP triggers: `things/{id:int}/{rest?}`, `files/{*path}`.

Source: "Azure Functions HTTP trigger", customize the HTTP endpoint; "Routing in ASP.NET Core", templates and precedence."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from devkit.host.constraints import Check, constraint
from devkit.host.problem import Problem

ONE = r":(?:regex\((?:[^{}]|\{\{|\}\})*\)|[A-Za-z]+(?:\([^(){}]*\))?)"
PARAMETER = re.compile(
    rf"\{{(?P<star>\**)(?P<name>[A-Za-z_]\w*)(?P<constraints>(?:{ONE})*)(?:(?P<optional>\?)|=(?P<default>[^{{}}]*))?\}}", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Route:
    """A compiled template. `rank` sorts the more specific first: literals; constrained parameters and segments of several parts;
    parameters; constrained catch-alls; catch-alls."""

    pattern: re.Pattern[str]
    rank: tuple[int, ...]
    checks: Mapping[str, Sequence[Check]]
    defaults: Mapping[str, str]

    @classmethod
    def parse(cls, template: str) -> "Route":
        text, rank = "", []
        checks = {found["name"]: _checks(found["constraints"], template) for found in PARAMETER.finditer(template)}
        defaults = {found["name"]: found["default"] for found in PARAMETER.finditer(template) if found["default"] is not None}
        for segment in filter(None, template.strip("/").split("/")):
            pieces, optional, weight = _segment(segment, template)
            text += f"(?:/{pieces})?" if optional else f"/{pieces}"
            rank.append(weight)
        return cls(re.compile(f"{text}/?", re.IGNORECASE), tuple(rank), checks, defaults)

    def match(self, path: str) -> Mapping[str, str] | None:
        """Route parameters, percent-decoded (`%2F` stays as it is, as in ASP.NET); None when `path` is another's."""
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        given = {name: unquote_segment(value) for name, value in found.groupdict().items() if value is not None}
        fits = all(check(value) for name, value in given.items() for check in self.checks[name])
        return {**self.defaults, **given} if fits else None


def unquote_segment(text: str) -> str:
    return re.sub("%25(2[Ff])", r"%\1", unquote(re.sub("%(2[Ff])", r"%25\1", text)))


def _checks(constraints: str, template: str) -> list[Check]:
    try:
        return [constraint(each[1:]) for each in re.findall(ONE, constraints, re.IGNORECASE)]
    except (ValueError, re.error) as error:
        raise Problem(f"The route {template!r} has a constraint that ASP.NET Core does not know, or not so ({error}).") from None


def _segment(segment: str, template: str) -> tuple[str, bool, int]:
    """One segment as (regular expression, optional, weight)."""
    text, place, optional, weight = "", 0, False, 0
    for found in PARAMETER.finditer(segment):
        value = ".*" if found["star"] else "[^/]+?"
        weight = (4 if found["star"] else 2) - bool(found["constraints"])
        if found[0] != segment:
            weight = 1
        optional = optional or bool(found["optional"] or found["star"]) or found["default"] is not None
        text += re.escape(segment[place : found.start()]) + f"(?P<{found['name']}>{value})"
        place = found.end()
    text += re.escape(segment[place:])
    if "{" in PARAMETER.sub("", segment):
        raise Problem(
            f"The route {template!r} has a segment {segment!r} that the local host does not understand:"
            " write {name}, {name?}, {name:int}, {name=value} or {*name}."
        )
    return text, optional, weight
