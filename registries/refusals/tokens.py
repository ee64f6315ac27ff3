"""What a registry's token endpoints refuse: `/oauth2/exchange` and `/oauth2/token`.

Source: Azure/acr docs/AAD-OAuth.md and docs/Token-BasicAuth.md; which status comes with what is not documented there."""

from registries.refusals.answers import first_error, network, retry_after, trouble, words_of
from registries.refusals.side import Side
from registries.wire import Answer
from replication.failures import Failure


def token_refusal(answer: Answer, side: Side, doing: str) -> Failure:
    if (blocked := network(answer, doing, side.name, side.registry)) is not None:
        return blocked
    hint = side.denied_hint
    if answer.status == 400 and first_error(answer.body)[0]:  # it knows no such service, grant or tenant
        hint = f"It does not take such a request: check that the login server in the settings is that registry's own. {hint}"
    elif answer.status not in (401, 403):
        return trouble(answer, doing, side.name, tiered=True)
    return Failure(kind="denied", code=side.denied, doing=doing, said=words_of(answer), hint=hint, retry_after=retry_after(answer.headers))
