"""The steps that touch the world, one file each: one look or one act, plain JSON in and out, harmless when run twice (Durable promises at
least once). No policy and no wait: those are the orchestrators'. Importing this package registers them all."""

from activities import (
    authenticate_target,
    check_import,
    delete_artifact,
    differences,
    examine_source,
    fetch_source_token,
    list_repositories,
    look,
    look_around,
    look_at_children,
    move_tag,
    open_imports,
    put_index,
    record_outcomes,
    remove_tag,
    start_import,
    verify_digest,
    weigh_removal,
)
from activities.step import bp

__all__ = [
    "authenticate_target",
    "bp",
    "check_import",
    "delete_artifact",
    "differences",
    "examine_source",
    "fetch_source_token",
    "list_repositories",
    "look",
    "look_around",
    "look_at_children",
    "move_tag",
    "open_imports",
    "put_index",
    "record_outcomes",
    "remove_tag",
    "start_import",
    "verify_digest",
    "weigh_removal",
]
