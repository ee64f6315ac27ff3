"""An object of a JSON setting, read field by field: what is wrong is told with its whole path, and never with the value."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from replication.mistakes import Mistakes

FIELD_NAME = re.compile(r"[A-Za-z]{1,30}")


class Fields:
    def __init__(self, where: str, value: Mapping[str, Any], mistakes: Mistakes) -> None:
        """`where`: `ReplicationTargets[0]`."""
        self.where = where
        self.value = value
        self._mistakes = mistakes

    @property
    def mistakes_so_far(self) -> int:
        """In all settings."""
        return len(self._mistakes)

    def wrong(self, field: str, wrong: str, example: str) -> None:
        self._mistakes.add(f"{self.where}.{field}" if field else self.where, wrong, example)

    def only(self, known: Iterable[str]) -> None:
        """A field that is not known is shown if it could be the name of one."""
        names = sorted(known)
        for unknown in sorted(self.value.keys() - set(names)):
            self.wrong(unknown if FIELD_NAME.fullmatch(unknown) else "…", "is not known", ", ".join(names))

    def text(self, field: str, example: str) -> str:
        """Empty after a mistake."""
        text = self.value.get(field)
        if not isinstance(text, str) or not text:
            self.wrong(field, "is missing" if text in (None, "") else "is not a text", example)
            return ""
        return text

    def choice(self, field: str, choices: tuple[str, ...]) -> str:
        """The first one where it is left out."""
        given = self.value.get(field, choices[0])
        if given not in choices:
            self.wrong(field, "is none of its values", " or ".join(choices))
            return choices[0]
        return str(given)

    def object(self, field: str, example: str) -> "Fields":
        """One of no fields where it is left out, and after a mistake."""
        given = self.value.get(field, {})
        if not isinstance(given, dict):
            self.wrong(field, "is not an object", example)
            given = {}
        return Fields(f"{self.where}.{field}", given, self._mistakes)

    def list(self, field: str, most: int, example: str) -> list[Any]:
        """Empty where it is left out, and after a mistake."""
        given = self.value.get(field, [])
        if not isinstance(given, list) or len(given) > most:
            self.wrong(field, f"is not a list of at most {most}", example)
            return []
        return given
