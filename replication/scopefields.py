"""The fields of a target that make its scope."""

import json
from typing import cast

from replication.fields import Fields
from replication.patterns import Filter, Kind, Pattern
from replication.prefixes import UNCHANGED, Prefixes
from replication.scope import DELETES, EXTRAS, Deletes, Extras, Scope

SCOPE_FIELDS = {"repositories", "tags", "mediaTypes", "prefixes", "deletes", "extras"}
EXAMPLES: dict[Kind, list[str]] = {
    "repository": ["team/*", "^team/[a-z]+$"],
    "tag": ["v*", r"^v\d+(\.\d+)*$"],
    "media type": ["application/vnd.oci.image.*"],
}
MOST_PATTERNS = 100
MOST_PREFIXES = 100


def parse_scope(fields: Fields) -> Scope:
    """Whatever was wrong is among the mistakes."""
    return Scope(
        repositories=_filter(fields, "repositories", "repository"),
        tags=_filter(fields, "tags", "tag"),
        media_types=_filter(fields, "mediaTypes", "media type"),
        prefixes=_prefixes(fields),
        deletes=cast(Deletes, fields.choice("deletes", DELETES)),
        extras=cast(Extras, fields.choice("extras", EXTRAS)),
    )


def _filter(fields: Fields, field: str, kind: Kind) -> Filter:
    given = fields.object(field, json.dumps({"include": EXAMPLES[kind]}))
    given.only({"include", "exclude"})
    return Filter(_patterns(given, "include", kind), _patterns(given, "exclude", kind))


def _patterns(given: Fields, field: str, kind: Kind) -> tuple[Pattern, ...]:
    patterns = []
    for number, text in enumerate(given.list(field, MOST_PATTERNS, json.dumps(EXAMPLES[kind]))):
        try:
            patterns.append(Pattern.parse(text, kind))
        except ValueError as error:
            given.wrong(f"{field}[{number}]", str(error), EXAMPLES[kind][0])
    return tuple(patterns)


def _prefixes(fields: Fields) -> Prefixes:
    example = '{"team/": "mirror/team/"}, {"": "contoso/"}'
    given = fields.value.get("prefixes", {"": ""})
    wrong = f"is not an object of 1 to {MOST_PREFIXES} prefixes"
    if isinstance(given, dict) and 0 < len(given) <= MOST_PREFIXES:
        try:
            return Prefixes.parse(given)
        except ValueError as error:
            wrong = str(error)
    fields.wrong("prefixes", wrong, example)
    return UNCHANGED
