"""What an index lists, in pages, so that one refusal among a thousand answers costs a page of them."""

from collections.abc import Sequence
from typing import TypeVar

PAGE = 200  # manifests; hardly an index has more than one page
MOST_PAGES = 40  # of one index, so that they fit into a history
Listed = TypeVar("Listed")


def page_of(listed: Sequence[Listed], number: int) -> tuple[Sequence[Listed], int]:
    """That page, from 0, and how many there are, at least one. The same for the same list, whoever asks."""
    size = max(PAGE, -(-len(listed) // MOST_PAGES))
    return listed[number * size :][:size], max(1, -(-len(listed) // size))
