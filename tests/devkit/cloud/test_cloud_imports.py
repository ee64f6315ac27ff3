"""importImage between two cloud processes, by Azure's own clients and bare."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import ClientSecretCredential
from azure.mgmt.containerregistry import ContainerRegistryManagementClient

from devkit.tls import TlsFiles
from tests.devkit.cloud.running import ARM_AUDIENCE, OCI_INDEX, Answer, Cloud, Clouds, MakeCloud, digest_of, image, index

SAID_BY_SOURCE = 'Invalid message Unauthorized Unauthorized {"errors":[{"code":"UNAUTHORIZED","message":"authentication required'


class ImpatientTransport(RequestsTransport):  # type: ignore[misc] # azure-core leaves it untyped
    """Azure's own, but for the ten seconds between two polls."""

    def sleep(self, duration: float) -> None:
        super().sleep(min(duration, 0.02))


def import_body(source: Cloud, image: str, *, targets: list[str] | None = None, **changed: Any) -> dict[str, Any]:
    pull = next(token for token in source.config["registry"]["tokens"] if token["name"] == "pull")
    credentials = {"username": "pull", "password": pull["password"]}
    body = {"source": {"registryUri": source.login_server, "sourceImage": image, "credentials": credentials}, "mode": "Force"}
    repository = image.partition("@")[0].partition(":")[0]
    return {**body, **({"targetTags": targets} if targets else {"untaggedTargetRepositories": [repository]}), **changed}


def ended(cloud: Cloud, body: Mapping[str, Any]) -> Answer:
    """Polls every 20 ms, where a client waits the ten seconds it is told."""
    location = cloud.begin_import(body)
    for _ in range(500):
        answer = cloud.poll(location)
        if answer.status != 202:
            return answer
        location = answer.headers["Location"]
        time.sleep(0.02)
    raise AssertionError("the import has not ended")


def management_client(cloud: Cloud, tls: TlsFiles, secret: str | None = None) -> ContainerRegistryManagementClient:
    principal = cloud.config["principals"][0]
    credential = ClientSecretCredential(
        cloud.config["tenantId"],
        principal["clientId"],
        secret or principal["clientSecret"],
        authority=cloud.url("entra"),
        disable_instance_discovery=True,
        connection_verify=str(tls.ca),
    )
    return ContainerRegistryManagementClient(
        credential,
        cloud.registry_id.split("/")[2],
        base_url=cloud.url("arm"),
        credential_scopes=[f"{ARM_AUDIENCE}/.default"],
        connection_verify=str(tls.ca),
        transport=ImpatientTransport(connection_verify=str(tls.ca)),
    )


def push_index(cloud: Cloud, repository: str, tag: str) -> tuple[bytes, list[bytes]]:
    children = [image(layer) for layer in (b"amd64", b"arm64")]
    for layer in (b"amd64", b"arm64"):
        cloud.push_image(repository, layer=layer)
    content = index(*children)
    assert cloud.push_manifest(repository, tag, content, OCI_INDEX).status == 201
    return content, children


def begin_with_sdk(client: ContainerRegistryManagementClient, target: Cloud, body: dict[str, Any]) -> Any:
    _, group, _, _, _, name = target.registry_id.rsplit("/", 5)
    return client.registries.begin_import_image(group, name, body)


def test_azures_own_client_imports_an_index_with_its_children(clouds: Clouds, tls: TlsFiles) -> None:
    content, children = push_index(clouds.source, "sdk/index", "v1")
    body = import_body(clouds.source, f"sdk/index@{digest_of(content)}", targets=["sdk/copy:v1"])
    begin_with_sdk(management_client(clouds.target, tls), clouds.target, body).result(20)

    arrived = clouds.target.registry("GET", "/v2/sdk/copy/manifests/v1")
    assert (arrived.status, arrived.body) == (200, content)
    for child in children:
        assert clouds.target.registry("GET", f"/v2/sdk/copy/manifests/{digest_of(child)}").body == child
    for layer in (b"amd64", b"arm64", b"{}"):
        assert clouds.target.registry("GET", f"/v2/sdk/copy/blobs/{digest_of(layer)}").body == layer


def test_azures_own_client_sees_a_wrong_source_password_when_it_polls(clouds: Clouds, tls: TlsFiles) -> None:
    digest = clouds.source.push_image("sdk/refused")
    body = import_body(clouds.source, f"sdk/refused@{digest}")
    body["source"]["credentials"]["password"] = "wrong"
    with pytest.raises(HttpResponseError) as raised:
        begin_with_sdk(management_client(clouds.target, tls), clouds.target, body).result(20)
    assert raised.value.status_code == 400
    assert SAID_BY_SOURCE in str(raised.value)


def test_azures_own_client_is_told_that_its_secret_is_wrong(clouds: Clouds, tls: TlsFiles) -> None:
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        begin_with_sdk(management_client(clouds.target, tls, secret="wrong"), clouds.target, {})


def test_an_untagged_import_keeps_the_digest_and_leaves_referrers_behind(clouds: Clouds) -> None:
    digest = clouds.source.push_image("imports/untagged")
    subject = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": 1}
    signature = clouds.source.push_image("imports/untagged", subject=subject, layer=b"signature")
    answer = ended(clouds.target, import_body(clouds.source, f"imports/untagged@{digest}"))
    assert (answer.status, answer.body) == (200, b"null")
    assert clouds.target.registry("HEAD", f"/v2/imports/untagged/manifests/{digest}").status == 200
    assert clouds.target.registry("HEAD", f"/v2/imports/untagged/manifests/{signature}").status == 404
    assert "tags" not in clouds.target.registry("GET", f"/acr/v1/imports/untagged/_manifests/{digest}").json["manifest"]


def test_a_target_without_a_tag_takes_the_sources(clouds: Clouds) -> None:
    clouds.source.push_image("imports/tagged", "v7")
    assert ended(clouds.target, import_body(clouds.source, "imports/tagged:v7", targets=["imports/elsewhere"])).status == 200
    assert clouds.target.registry("GET", "/v2/imports/elsewhere/tags/list").json["tags"] == ["v7"]


def test_without_force_a_tag_that_exists_is_a_conflict(clouds: Clouds) -> None:
    digest = clouds.source.push_image("imports/kept", "v1")
    clouds.target.push_image("imports/kept", "v1", layer=b"another")
    answer = ended(clouds.target, import_body(clouds.source, f"imports/kept@{digest}", targets=["imports/kept:v1"], mode="NoForce"))
    assert (answer.status, answer.code) == (409, "Conflict")
    message = answer.json["error"]["message"]
    assert message.startswith("Operation registries-")
    assert message.endswith(f"failed. Resource {clouds.target.registry_id} Tag imports/kept:v1 already exists in target registry.")


@pytest.mark.parametrize(
    "reference, said",
    [
        pytest.param(":nothing", "Unable to find manifest digest Repo: imports/none Tag: nothing", id="a tag"),
        pytest.param(f"@{digest_of(b'nothing')}", "MANIFEST_UNKNOWN", id="a digest"),
    ],
)
def test_a_source_manifest_that_is_missing_fails_the_import(clouds: Clouds, reference: str, said: str) -> None:
    clouds.source.push_image("imports/none")
    answer = ended(clouds.target, import_body(clouds.source, f"imports/none{reference}"))
    assert answer.status == 400
    assert said in answer.json["error"]["message"]


def test_an_image_of_more_than_fifty_manifests_cannot_be_imported(clouds: Clouds) -> None:
    children = [image(b"layer", annotations={"number": str(number)}) for number in range(51)]
    clouds.source.push_image("imports/many")
    for child in children:
        assert clouds.source.push_manifest("imports/many", digest_of(child), child).status == 201
    assert clouds.source.push_manifest("imports/many", "fifty-one", index(*children), OCI_INDEX).status == 201
    assert clouds.source.push_manifest("imports/many", "fifty", index(*children[:50]), OCI_INDEX).status == 201
    assert "50 manifests" in ended(clouds.target, import_body(clouds.source, "imports/many:fifty-one")).json["error"]["message"]
    assert ended(clouds.target, import_body(clouds.source, "imports/many:fifty")).status == 200


def test_a_source_that_does_not_answer_is_an_error_of_the_copying(clouds: Clouds) -> None:
    body = import_body(clouds.source, "imports/nobody:v1")
    body["source"]["registryUri"] = "localhost:1"
    answer = ended(clouds.target, body)
    assert (answer.status, answer.code) == (400, "InvalidParameters")
    assert answer.json["error"]["message"].endswith("Error copying blobs")


@contextmanager
def redirecting(tls: TlsFiles, to: str) -> Iterator[str]:
    """The login server of a registry that sends everybody elsewhere."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(307)
            self.send_header("Location", to)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tls.certificate, tls.key)
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"localhost:{server.server_port}"
        server.shutdown()


def test_a_redirect_away_from_tls_is_not_followed(clouds: Clouds, tls: TlsFiles) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain, redirecting(tls, f"http://127.0.0.1:{plain.getsockname()[1]}/") as source:
        body = import_body(clouds.source, "imports/elsewhere:v1")
        body["source"]["registryUri"] = source
        assert ended(clouds.target, body).json["error"]["message"].endswith("Error copying blobs")
        plain.setblocking(False)
        with pytest.raises(BlockingIOError):
            plain.accept()


def test_blobs_the_source_altered_are_not_kept(clouds: Clouds, make_cloud: MakeCloud) -> None:
    """The source's files are changed behind its back: only the importer's own hashing can notice."""
    source = make_cloud("altered").start()
    layer = b"the layer as it was pushed"
    digest = source.push_image("imports/altered", layer=layer)
    stored = next(path for path in (source.file.parent / "state" / "blobs").iterdir() if path.read_bytes() == layer)
    stored.write_bytes(layer.replace(b"pushed", b"forged"))
    answer = ended(clouds.target, import_body(source, f"imports/altered@{digest}"))
    assert answer.json["error"]["message"].endswith("Error copying blobs")
    assert clouds.target.registry("HEAD", f"/v2/imports/altered/manifests/{digest}").status == 404
    assert not list((clouds.target.file.parent / "state" / "unfinished").iterdir())


def test_an_import_takes_its_time_and_goes_on_after_a_kill(clouds: Clouds, make_cloud: MakeCloud) -> None:
    target = make_cloud("slow", imports={"latencySeconds": 0.2, "bytesPerSecond": 100_000}).start()
    layer = b"x" * 100_000
    digest = clouds.source.push_image("imports/slow", layer=layer)
    location = target.begin_import(import_body(clouds.source, f"imports/slow@{digest}", targets=["imports/slow:v1"]))
    assert target.poll(location).status == 202
    assert target.registry("GET", "/v2/imports/slow/manifests/v1").status == 404
    target.kill()
    target.start()

    began = time.monotonic()
    while (answer := target.poll(location)).status == 202:
        time.sleep(0.02)
    assert answer.status == 200
    assert time.monotonic() - began > 0.9
    assert target.registry("GET", f"/v2/imports/slow/blobs/{digest_of(layer)}").body == layer
    shown = target.control("GET", "imports")
    assert [(one["state"], one["bytes"], one["sourceImage"]) for one in shown] == [("succeeded", 100_002, f"imports/slow@{digest}")]


def test_no_credentials_stay_behind(clouds: Clouds, make_cloud: MakeCloud) -> None:
    target = make_cloud("forgetful").start()
    digest = clouds.source.push_image("imports/forgotten")
    body = import_body(clouds.source, f"imports/forgotten@{digest}")
    secrets = [body["source"]["credentials"]["password"], target.config["principals"][0]["clientSecret"]]
    assert ended(target, body).status == 200
    assert target.stop() == 0  # which empties the write-ahead log
    kept = b"".join(path.read_bytes() for path in target.file.parent.rglob("*") if path.is_file() and path != target.file)
    assert not [secret for secret in secrets if secret.encode() in kept]
