"""A client nobody here wrote pushes an image and pulls it back: the bytes are the same."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from devkit.tls import TlsFiles
from tests.devkit.cloud.running import OCI_MANIFEST, Clouds, descriptor, digest_of

pytestmark = [pytest.mark.debian, pytest.mark.skipif(shutil.which("skopeo") is None, reason="skopeo is not installed")]


def write_layout(folder: Path) -> None:
    """An OCI image layout (image-spec, image-layout.md) of one image."""
    config = json.dumps(
        {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest_of(b"layer" * 1000)]}}
    ).encode()
    layer = b"layer" * 1000
    described = descriptor(config, "application/vnd.oci.image.config.v1+json")
    layers = [descriptor(layer, "application/vnd.oci.image.layer.v1.tar")]
    manifest = json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": described, "layers": layers}).encode()
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for content in (config, layer, manifest):
        (blobs / digest_of(content).removeprefix("sha256:")).write_bytes(content)
    named = {**descriptor(manifest, OCI_MANIFEST), "annotations": {"org.opencontainers.image.ref.name": "v1"}}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [named]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


def test_skopeo_pushes_lists_pulls_and_deletes(clouds: Clouds, tls: TlsFiles, tmp_path: Path) -> None:
    cloud = clouds.source
    certificates = tmp_path / "certificates"
    certificates.mkdir()
    shutil.copy(tls.ca, certificates / "ca.crt")
    write_layout(tmp_path / "pushed")
    credentials = f"all:{cloud.config['registry']['tokens'][0]['password']}"
    image = f"docker://{cloud.login_server}/skopeo/app:v1"

    def skopeo(*arguments: str) -> str:
        ended = subprocess.run(["skopeo", *arguments], capture_output=True, text=True, timeout=30, check=False)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    policy = ("--insecure-policy", "copy", "--preserve-digests")
    skopeo(*policy, f"--dest-creds={credentials}", f"--dest-cert-dir={certificates}", f"oci:{tmp_path}/pushed:v1", image)
    listed = skopeo("list-tags", f"--creds={credentials}", f"--cert-dir={certificates}", image.removesuffix(":v1"))
    assert json.loads(listed)["Tags"] == ["v1"]
    skopeo(*policy, f"--src-creds={credentials}", f"--src-cert-dir={certificates}", image, f"oci:{tmp_path}/pulled:v1")

    def blobs(folder: str) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (tmp_path / folder / "blobs" / "sha256").iterdir()}

    assert blobs("pulled") == blobs("pushed")
    skopeo("delete", f"--creds={credentials}", f"--cert-dir={certificates}", image)
    assert cloud.registry("HEAD", "/v2/skopeo/app/manifests/v1").status == 404
