"""A secret shows itself to whoever asks for it by name, and to nothing that prints, stores or copies."""

import copy
import dataclasses
import json
import logging
import pickle
from collections.abc import Callable

import pytest

from replication.secret import Secret
from replication.targets import RegistryId, Source

VALUE = "s3cr3t~value"
SECRET = Secret(VALUE)


@pytest.mark.parametrize(
    "shown",
    [
        repr(SECRET),
        str(SECRET),
        f"{SECRET}",
        f"{SECRET!r:>30}",
        "%s %r" % (SECRET, SECRET),  # noqa: UP031 - as logging does
        repr([SECRET]),
        repr({"secret": SECRET}),
        json.dumps({"secret": SECRET}, default=str, ensure_ascii=False),
        repr(Source(registry=RegistryId("s", "g", "contoso"), login_server="contoso.azurecr.io", token_name="pull", token_password=SECRET)),
    ],
)
def test_it_is_not_shown(shown: str) -> None:
    assert "Secret(…)" in shown
    assert VALUE not in shown


@pytest.mark.parametrize(
    "take",
    [
        json.dumps,
        pickle.dumps,
        lambda secret: pickle.dumps(secret, 0),
        copy.copy,
        copy.deepcopy,
        vars,
        bytes,
        iter,
        len,
        lambda secret: f"{secret:>30}",
        lambda secret: secret + "",
    ],
)
def test_what_would_take_it_elsewhere_fails_without_naming_it(take: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError) as refused:
        take(SECRET)
    assert VALUE not in str(refused.value)


def test_a_dataclass_that_holds_one_is_not_taken_apart() -> None:
    source = Source(registry=RegistryId("s", "g", "contoso"), login_server="contoso.azurecr.io", token_name="pull", token_password=SECRET)
    with pytest.raises(TypeError, match="a secret is not to be stored"):
        dataclasses.asdict(source)


def test_it_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("test").warning("the secret is %s", SECRET, extra={"secret": SECRET})
    assert "the secret is Secret(…)" in caplog.text
    assert VALUE not in caplog.text


def test_only_reveal_gives_it_out_and_equal_ones_are_equal() -> None:
    assert SECRET.reveal() == VALUE
    assert Secret(VALUE) == SECRET
    assert len({SECRET, Secret(VALUE), Secret("other")}) == 2
    assert SECRET != VALUE
