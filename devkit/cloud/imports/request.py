"""The body of importImage, parsed. Source: Registries - Import Image, api-version 2025-11-01, `ImportImageParameters`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from devkit.cloud.names import is_digest, is_name, is_tag

_LOGIN_SERVER = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,253}[A-Za-z0-9])?(:[0-9]{1,5})?")


class InvalidImport(Exception):
    """Says what is wrong with the request."""


@dataclass(frozen=True, slots=True)
class Target:
    repository: str
    tag: str | None

    def __str__(self) -> str:
        return self.repository if self.tag is None else f"{self.repository}:{self.tag}"


@dataclass(frozen=True, slots=True)
class ImportRequest:
    login_server: str
    repository: str
    reference: str  # a digest or a tag
    username: str  # empty: the password is an Entra access token
    password: str = field(repr=False)
    targets: tuple[Target, ...]
    force: bool

    @classmethod
    def parse(cls, body: Any) -> Self:
        """Raises `InvalidImport`."""
        body = _object(body, "the body")
        source = _object(body.get("source"), "source")
        if source.get("resourceId"):
            raise InvalidImport("source.resourceId names a registry of the same tenant: the local cloud imports by registryUri alone")
        login_server = _text(source, "registryUri")
        if not _LOGIN_SERVER.fullmatch(login_server):
            raise InvalidImport("source.registryUri must be a login server, without scheme or path")
        repository, reference = _image(_text(source, "sourceImage"))
        credentials = _object(source.get("credentials"), "source.credentials")
        mode = body.get("mode")
        if mode not in (None, "", "Force", "NoForce"):  # NoForce is the documented default
            raise InvalidImport("mode must be Force or NoForce")
        return cls(
            login_server=login_server,
            repository=repository,
            reference=reference,
            username=_username(credentials),
            password=_password(credentials),
            targets=_targets(body, None if is_digest(reference) else reference),
            force=mode == "Force",
        )


def _password(credentials: Mapping[str, Any]) -> str:
    """Of what JSON can say, not all can be sent: a half of a surrogate pair is no text."""
    password = _text(credentials, "password")
    try:
        password.encode()
    except UnicodeEncodeError:
        raise InvalidImport("source.credentials.password is not a text that can be sent") from None
    return password


def _targets(body: Mapping[str, Any], source_tag: str | None) -> tuple[Target, ...]:
    """A target without a tag takes the source's, or `latest`. None at all is refused here: what Azure does is undocumented."""
    tagged = [_split(text) for text in _texts(body, "targetTags")]
    targets = [Target(repository, (source_tag or "latest") if tag is None else tag) for repository, tag in tagged]
    targets += [Target(repository, None) for repository in _texts(body, "untaggedTargetRepositories")]
    if not targets:
        raise InvalidImport("one of targetTags and untaggedTargetRepositories must name a target")
    for target in targets:
        if not is_name(target.repository) or (target.tag is not None and not is_tag(target.tag)):
            raise InvalidImport(f"the target {str(target)[:300]!r} is not a repository, or a repository and a tag")
    return tuple(targets)


def _image(text: str) -> tuple[str, str]:
    """`repository`, `repository:tag` or `repository@digest`; a name alone means `latest`."""
    repository, at, digest = text.partition("@")
    if at and ":" in repository:  # undocumented (acr.md 2.1)
        raise InvalidImport(f"source.sourceImage {text[:300]!r} has a tag and a digest: give one of the two")
    tag = None
    if not at:
        repository, tag = _split(text)
    reference = digest if at else "latest" if tag is None else tag
    if not is_name(repository) or not (is_digest(reference) if at else is_tag(reference)):
        raise InvalidImport(f"source.sourceImage {text[:300]!r} is not repository, repository:tag or repository@sha256:…")
    return repository, reference


def _split(text: str) -> tuple[str, str | None]:
    repository, colon, tag = text.partition(":")
    return repository, tag if colon else None


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidImport(f"{name} must be an object")
    return value


def _text(value: Mapping[str, Any], name: str) -> str:
    text = value.get(name)
    if not isinstance(text, str) or not text:
        raise InvalidImport(f"{name} is required")
    return text


def _username(credentials: Mapping[str, Any]) -> str:
    name = credentials.get("username") or ""
    if not isinstance(name, str):
        raise InvalidImport("source.credentials.username must be a text")
    return name


def _texts(body: Mapping[str, Any], name: str) -> list[str]:
    texts = body.get(name) or []
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise InvalidImport(f"{name} must be a list of texts")
    return texts
