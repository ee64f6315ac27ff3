"""What is told of a store that does not answer, or does not let us in."""

from replication.failures import Failure, Refused, said


def unreachable(doing: str, words: str) -> Refused:
    hint = "It is tried again by itself; if it lasts, look at the storage account that ReplicationStore (or AzureWebJobsStorage) names."
    return Refused(Failure(kind="transient", code="store_unreachable", doing=doing, said=said(words), hint=hint))


def denied(doing: str, words: str) -> Refused:
    hint = (
        "Give the app's identity the role Storage Table Data Contributor on the storage account that ReplicationStore (or"
        " AzureWebJobsStorage) names, or correct the key in the connection string; then see that account's network rules."
    )
    return Refused(Failure(kind="denied", code="store_denied", doing=doing, said=said(words), hint=hint))
