"""What of the source a target is to hold, and where. Outside of its scope nothing at a target is read as extra, reported or removed."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

from replication.patterns import EVERYTHING, Filter
from replication.prefixes import UNCHANGED, Prefixes
from replication.references import Repository, Tag

Deletes = Literal["propagate", "keep"]
Extras = Literal["report", "remove"]
Filtered = Literal["repository", "prefix", "tag", "media_type", "untagged"]
DELETES: tuple[Deletes, ...] = get_args(Deletes)
EXTRAS: tuple[Extras, ...] = get_args(Extras)

# The fallback tag of a subject's referrers (distribution-spec, "Referrers Tag Schema"), and cosign's, which add .sig, .att or .sbom.
_OF_A_DIGEST = re.compile(r"sha256-[0-9a-f]{64}(\..+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Filters are for the source's names. `deletes`: whether what the source no longer has goes here too; `extras`: what becomes of what
    reconciliation finds here that the source never told of."""

    repositories: Filter = EVERYTHING
    tags: Filter = EVERYTHING
    media_types: Filter = EVERYTHING
    prefixes: Prefixes = UNCHANGED
    deletes: Deletes = "propagate"
    extras: Extras = "report"

    def leaves_out(self, repository: Repository, tag: Tag | None) -> Filtered | None:
        """Why, as far as names tell. What has no tag is left out by none: a delete event names a digest alone."""
        if not self.repositories.takes(str(repository)):
            return "repository"
        if self.prefixes.place_of(repository) is None:
            return "prefix"
        return "tag" if tag is not None and not self.takes_tag(tag) else None

    def takes_tag(self, tag: Tag) -> bool:
        """Tags that hold the signatures and other referrers of a digest need not be included: whoever wants `v*` wants those of v1. They
        can be excluded."""
        if _OF_A_DIGEST.fullmatch(str(tag)):
            return not self.tags.excludes(str(tag))
        return self.tags.takes(str(tag))

    @property
    def takes_untagged(self) -> bool:
        """Whether an image that has neither tag nor subject is wanted for itself. Not where tags are filtered: the children of an index
        whose tag is left out would come one by one; those of one that is not come with it."""
        return not self.tags

    def takes_media_type(self, media_type: str) -> bool:
        """Of a manifest, as the registry answers it."""
        return self.media_types.takes(media_type.lower())

    def place_of(self, repository: Repository) -> Repository | None:
        """At the target; None: out of scope."""
        return self.prefixes.place_of(repository) if self.repositories.takes(str(repository)) else None

    def repository_at(self, place: Repository) -> Repository | None:
        """Of the source, whose replica is kept there; None for what is none of ours."""
        repository = self.prefixes.repository_at(place)
        return repository if repository is not None and self.repositories.takes(str(repository)) else None


WHOLE = Scope()
