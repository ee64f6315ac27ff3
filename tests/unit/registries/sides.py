"""A registry that refuses, for clients that are tested against answers that a test wrote down."""

from registries.refusals import Side

SIDE = Side(
    name="china (contosocn.azurecr.cn)",
    registry="contosocn",
    denied="target_denied",
    denied_hint="Grant the role.",
    lacking="target_right_missing",
    lacking_hint="The role lacks {right} on {repository}.",
    rights={"pull": "pull/read", "push": "push/write", "delete": "artifacts/delete", "metadata_read": "pull/read"},
)
