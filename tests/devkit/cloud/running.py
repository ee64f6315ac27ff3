"""A cloud as a process, and just enough of a client to look at its answers bare: the real clients are in the tests that name them."""

import base64
import hashlib
import http.client
import json
import ssl
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from devkit.local.control import CloudControl
from devkit.local.ports import free_ports
from devkit.tls import TlsFiles
from tests.devkit.forked import Forked
from tests.devkit.process import Running, ready_line

ARM_AUDIENCE = "https://management.local.example"
ACR_AUDIENCE = "https://containerregistry.azure.net"
RIGHTS = "Microsoft.ContainerRegistry/registries"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
API = "api-version=2025-11-01"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Of the error, whichever service answered."""
        value = self.json
        return str(value["errors"][0]["code"] if "errors" in value else value["error"]["code"])


@dataclass
class Cloud(Running):
    config: dict[str, Any]
    file: Path
    context: ssl.SSLContext
    log: Path
    process: Forked | None = None

    def start(self) -> Self:
        self.file.write_text(json.dumps(self.config))
        self.file.chmod(0o600)
        self.process = Forked("devkit.cloud", str(self.file), log=self.log)
        assert ready_line(self.process, self.log) == {"ready": self.config["name"]}
        return self

    @contextmanager
    def serving(self, *secrets: str) -> Iterator[Self]:
        """From its start to its stop; its log tells of no bug then, and of none of `secrets`."""
        yield self.start()
        assert self.stop() == 0
        log = self.log.read_text()
        assert [text for text in ("Traceback", *secrets) if text in log] == [], log

    @property
    def controls(self) -> CloudControl:
        """Its control API by methods."""
        return CloudControl(f"http://127.0.0.1:{self.config['ports']['control']}", str(self.config["controlKey"]))

    @property
    def login_server(self) -> str:
        return str(self.config["registry"]["loginServer"])

    @property
    def registry_id(self) -> str:
        return str(self.config["registry"]["id"])

    def url(self, service: str) -> str:
        return f"https://localhost:{self.config['ports'][service]}"

    def call(self, service: str, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """One request, nothing followed, nothing retried."""
        port = self.config["ports"][service]
        if service in {"control", "identity"}:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        else:
            connection = http.client.HTTPSConnection("localhost", port, timeout=20, context=self.context)
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())  # type: ignore[arg-type]
        finally:
            connection.close()

    def registry(
        self, method: str, path: str, *, body: bytes | None = None, user: str = "all", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """A data call with Basic credentials."""
        return self.call("registry", method, path, body=body, headers={"Authorization": self.basic(user), **(headers or {})})

    def basic(self, user: str) -> str:
        password = next(token["password"] for token in self.config["registry"]["tokens"] if token["name"] == user)
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def control(self, method: str, path: str, value: Any = None) -> Any:
        body = None if value is None else json.dumps(value).encode()
        answer = self.call("control", method, f"/control/{path}", body=body, headers={"x-control-key": self.config["controlKey"]})
        assert answer.status == 200, answer.body
        return answer.json

    def form(self, service: str, path: str, values: Mapping[str, str]) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.call(service, "POST", path, body=urlencode(values).encode(), headers=headers)

    def entra_token(self, *, principal: int = 0, audience: str = ARM_AUDIENCE, **changed: str) -> Answer:
        known = self.config["principals"][principal]
        values = {"grant_type": "client_credentials", "client_id": known["clientId"], "client_secret": known["clientSecret"]}
        tenant = changed.pop("tenant", self.config["tenantId"])
        return self.form("entra", f"/{tenant}/oauth2/v2.0/token", {**values, "scope": f"{audience}/.default", **changed})

    def arm(self, method: str, path: str, value: Any = None, *, token: str | None = None) -> Answer:
        token = token or self.entra_token().json["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return self.call("arm", method, path, body=None if value is None else json.dumps(value).encode(), headers=headers)

    def begin_import(self, body: Mapping[str, Any]) -> str:
        answer = self.arm("POST", f"{self.registry_id}/importImage?{API}", body)
        assert answer.status == 202, answer.body
        return answer.headers["Location"]

    def poll(self, location: str) -> Answer:
        parts = urlsplit(location)
        return self.arm("GET", f"{parts.path}?{parts.query}")

    def push_blob(self, repository: str, content: bytes) -> str:
        digest = digest_of(content)
        answer = self.registry("POST", f"/v2/{repository}/blobs/uploads/?digest={digest}", body=content)
        assert answer.status == 201, answer.body
        return digest

    def push_manifest(self, repository: str, reference: str, content: bytes, media_type: str = OCI_MANIFEST) -> Answer:
        return self.registry("PUT", f"/v2/{repository}/manifests/{reference}", body=content, headers={"Content-Type": media_type})

    def push_image(self, repository: str, reference: str | None = None, *, layer: bytes = b"layer", **more: Any) -> str:
        """The digest of a new image, tagged or by digest alone."""
        manifest = image(layer, **more)
        self.push_blob(repository, layer)
        self.push_blob(repository, b"{}")
        answer = self.push_manifest(repository, reference or digest_of(manifest), manifest)
        assert answer.status == 201, answer.body
        return digest_of(manifest)


@dataclass(frozen=True)
class Clouds:
    """Two that share nothing; tests keep apart by the names of their repositories."""

    source: Cloud
    target: Cloud


class MakeClouds:
    """Clouds with their folders below one; not yet started."""

    def __init__(self, folder: Path, tls: TlsFiles) -> None:
        self._folder = folder
        self._tls = tls
        self.made: list[Cloud] = []

    def __call__(self, name: str, **changed: Any) -> Cloud:
        """`changed`: what its settings file says otherwise."""
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        config = {**settings(name, folder, self._tls), **changed}
        context = ssl.create_default_context(cafile=str(self._tls.ca))
        self.made.append(Cloud(config, folder / "settings.json", context, folder / "log"))
        return self.made[-1]


MakeCloud = Callable[..., Cloud]


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def descriptor(content: bytes, media_type: str) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def image(layer: bytes, **more: Any) -> bytes:
    config = descriptor(b"{}", "application/vnd.oci.image.config.v1+json")
    layers = [descriptor(layer, "application/vnd.oci.image.layer.v1.tar")]
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers, **more}).encode()


def index(*manifests: bytes) -> bytes:
    return json.dumps(
        {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [descriptor(one, OCI_MANIFEST) for one in manifests]}
    ).encode()


def settings(name: str, folder: Path, tls: TlsFiles) -> dict[str, Any]:
    entra, arm, registry, control = free_ports(4)
    subscription, group = uuid.uuid4(), f"group-{name}"
    actions = [f"{RIGHTS}/{action}" for action in ("read", "importImage/action", "pull/read", "push/write", "artifacts/delete")]
    return {
        "name": name,
        "state": str(folder / "state"),
        "controlKey": uuid.uuid4().hex,
        "tls": {"certificate": str(tls.certificate), "key": str(tls.key), "ca": str(tls.ca)},
        "ports": {"entra": entra, "arm": arm, "registry": registry, "control": control},
        "tenantId": str(uuid.uuid4()),
        "armAudience": ARM_AUDIENCE,
        "acrAudience": ACR_AUDIENCE,
        "registry": {
            "id": f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.ContainerRegistry/registries/contoso{name}",
            "loginServer": f"localhost:{registry}",
            "tokens": [
                {"name": "all", "password": uuid.uuid4().hex, "actions": ["*"]},
                {"name": "pull", "password": uuid.uuid4().hex, "actions": ["content/read"]},
            ],
        },
        "principals": [
            {"clientId": str(uuid.uuid4()), "clientSecret": uuid.uuid4().hex, "actions": actions},
            {"clientId": str(uuid.uuid4()), "clientSecret": uuid.uuid4().hex, "actions": [f"{RIGHTS}/pull/read"]},
        ],
        "imports": {"latencySeconds": 0, "bytesPerSecond": 50_000_000},
        "eventSubscription": None,
        "clockScale": 1,
    }
