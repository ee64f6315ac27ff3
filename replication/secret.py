"""A value that shows itself only when told to."""

UNRESOLVED = "@Microsoft.KeyVault("


class Secret:
    """`reveal()` is the only way out: str, repr, format, JSON and pickle all refuse or hide."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    @property
    def is_reference(self) -> bool:
        """A Key Vault reference that App Service could not resolve stands in its setting as it is."""
        return self._value.startswith(UNRESOLVED)

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not to be stored")
