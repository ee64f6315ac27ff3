"""What the registries list beside what somebody looks for."""

from collections.abc import Sequence
from dataclasses import replace

from devkit.demo.inventory import listed, strays
from devkit.demo.judge import Expected, judge
from devkit.demo.registry import Connection
from devkit.local.images import make_image
from devkit.local.stack import Stack
from tests.devkit.demo.conftest import Hands

ONE, OTHER = make_image("one"), make_image("other")


def found(stack: Stack, folder: str, *expected: Expected) -> Sequence[str]:
    """Of the repositories in `folder`: other tests push theirs."""
    registries, ca = stack.endpoints.registries, stack.endpoints.ca
    return [said for said in strays(registries, ca, judge(registries, ca, expected)) if said.startswith(folder)]


def test_what_was_pushed_and_nothing_else_is_listed(stack: Stack, hands: Hands) -> None:
    hands.push_everywhere(ONE, "inventory-same/app", "v1")
    expected = [Expected("inventory-same/app", "v1", ONE.digest), Expected("inventory-same/gone", "v1", None)]
    assert found(stack, "inventory-same", *expected) == []


def test_a_tag_a_repository_and_an_untagged_image_that_nobody_pushed(stack: Stack, hands: Hands) -> None:
    hands.push_everywhere(ONE, "inventory-more/app", "v1")
    hands.push(OTHER, "inventory-more/app", "v2", to="china")
    hands.push(OTHER, "inventory-more/other", "v1", to="usgov")
    with hands.pusher("usgov") as pusher:
        pusher.push(ONE, "inventory-more/untagged", None)
    assert found(stack, "inventory-more", Expected("inventory-more/app", "v1", ONE.digest)) == [
        "inventory-more/app:v2 in china: is listed, and nobody pushed it",
        "inventory-more/other:v1 in usgov: is listed, and nobody pushed it",
        "inventory-more/untagged in usgov: is listed, and nobody pushed it",
    ]


def test_what_the_judge_says_is_not_said_again(stack: Stack, hands: Hands) -> None:
    hands.push(ONE, "inventory-judged/app", "v1", to="china")
    hands.push(ONE, "inventory-judged/gone", "v1", to="china")
    expected = [Expected("inventory-judged/app", "v1", ONE.digest), Expected("inventory-judged/gone", "v1", None)]
    assert found(stack, "inventory-judged", *expected) == []


def test_a_list_of_several_pages_is_read_whole(stack: Stack, hands: Hands) -> None:
    tags = [f"v{number:03}" for number in range(101)]  # a page holds 100
    with hands.pusher("china") as pusher:
        for tag in tags:
            pusher.push(ONE, "inventory-pages/app", tag)
    with Connection(stack.endpoints.targets[0], stack.endpoints.ca) as connection:
        assert {f"inventory-pages/app:{tag}" for tag in tags} <= listed(connection)


def test_a_registry_that_cannot_be_listed_is_a_difference(stack: Stack) -> None:
    refused = replace(stack.endpoints.targets[0], password="mistaken")
    assert strays([refused], stack.endpoints.ca, []) == ["What china holds cannot be listed: /v2/_catalog answers 401"]
