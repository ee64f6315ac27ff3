"""All mistakes of a settings file at once: nobody should mend them one deployment at a time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """Never holds the value: in the wrong place it may be a secret."""

    setting: str
    wrong: str
    example: str

    def __str__(self) -> str:
        return f"{self.setting} {self.wrong} (example: {self.example})"


class InvalidSettings(Exception):
    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("; ".join(map(str, mistakes)))
        self.mistakes = mistakes


class Mistakes:
    """Collects while settings are parsed."""

    def __init__(self) -> None:
        self._found: list[Mistake] = []

    def add(self, setting: str, wrong: str, example: str) -> None:
        self._found.append(Mistake(setting, wrong, example))

    def __len__(self) -> int:
        return len(self._found)

    def raise_if_any(self) -> None:
        if self._found:
            raise InvalidSettings(tuple(self._found))
