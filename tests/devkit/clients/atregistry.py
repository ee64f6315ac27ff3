"""The registry's side of a test: what it holds, put there and looked at past the clients, and what was asked of it."""

from tests.devkit.clients.images import Image
from tests.devkit.cloud.running import Cloud


def password(cloud: Cloud, user: str) -> str:
    return str(next(token["password"] for token in cloud.config["registry"]["tokens"] if token["name"] == user))


def put(cloud: Cloud, repository: str, tag: str, image: Image) -> str:
    """The reference that names it for a client."""
    for blob in image.blobs.values():
        cloud.push_blob(repository, blob)
    for digest, manifest in image.manifests.items():  # the root is last
        answer = cloud.push_manifest(repository, tag if digest == image.root else digest, manifest, image.media_type(digest))
        assert answer.status == 201, answer.body
    return reference(cloud, repository, tag)


def reference(cloud: Cloud, repository: str, name: str = "v1") -> str:
    """`name`: a tag or a digest."""
    return f"{cloud.login_server}/{repository}{'@' if ':' in name else ':'}{name}"


def digest_at(cloud: Cloud, repository: str, name: str = "v1") -> str | None:
    """None if there is no such manifest."""
    answer = cloud.registry("HEAD", f"/v2/{repository}/manifests/{name}")
    return answer.headers["Docker-Content-Digest"] if answer.status == 200 else None


def assert_holds(cloud: Cloud, repository: str, tag: str, image: Image) -> None:
    """Byte for byte, each manifest under its media type."""
    assert digest_at(cloud, repository, tag) == image.root
    for digest, content in image.manifests.items():
        answer = cloud.registry("GET", f"/v2/{repository}/manifests/{digest}")
        assert (answer.body, answer.headers["Content-Type"]) == (content, image.media_type(digest))
    for digest, content in image.blobs.items():
        assert cloud.registry("GET", f"/v2/{repository}/blobs/{digest}").body == content


def statuses(cloud: Cloud, below: str, *methods: str) -> list[int]:
    """Of all requests whose path begins so, in their order."""
    recorded = cloud.control("GET", "requests")
    return [one["status"] for one in recorded if one["path"].startswith(below) and one["method"] in methods]
