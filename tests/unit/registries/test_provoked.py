"""Every code that an operator may see is provoked, and its hint names what mends it."""

import ast
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from registries.diagnosis import oddity_of
from registries.manifests import INDEX_MEDIA_TYPES, Manifest
from registries.refusals import ROLE_ACTIONS
from replication.failures import CODES, LONGEST_SAID, Code
from replication.references import Repository, Tag
from tests.devkit.cloud.running import OCI_MANIFEST, Clouds, digest_of, image, index
from tests.devkit.cloud.test_cloud_digests import sha512
from tests.devkit.cloud.test_cloud_import_unknowns import answering
from tests.devkit.cloud.test_cloud_locks import lock
from tests.unit.registries import provoked_access, provoked_artifacts
from tests.unit.registries.live import secret_of, source_client, source_of, target_client, target_of
from tests.unit.registries.provoked_artifacts import imported, push_foreign, put
from tests.unit.registries.provoking import PROVOKED, refusal_of
from tests.unit.replication.test_failures import sections

ROOT = Path(__file__).parents[3]
ELSEWHERE: dict[Code, str] = {  # told by orchestrators, or by what is no cloud
    "import_unfinished": "tests/replay/test_publish_to_target.py",
    "source_incomplete": "tests/replay/test_publish_to_target.py",
    "unsettled": "tests/replay/test_publish_to_target.py",
    "unexpected": "tests/replay/test_replicate_image_event.py",
    "secret_missing": "tests/unit/registries/test_heldsecrets.py",
    "vault_denied": "tests/unit/registries/test_heldsecrets.py",
    "store_unreachable": "tests/unit/ledger/test_sqlite.py",
    "store_denied": "tests/unit/ledger/test_tables_answers.py",
}
LONGEST_HINT = 600  # characters; a status has room for a few failures
MODULES = (provoked_access, provoked_artifacts)  # importing them fills the table


@pytest.mark.parametrize("code", PROVOKED)
async def test_a_code_is_provoked_with_its_hint(clouds: Clouds, code: Code) -> None:
    provoked = PROVOKED[code]
    failure = await provoked.provoke(clouds)
    assert (failure.code, failure.kind) == (code, provoked.kind), str(failure)
    assert provoked.hint in failure.hint
    secrets = [secret_of(target_of(clouds.target)), *(one["password"] for one in clouds.source.config["registry"]["tokens"]), "canary"]
    for text in (failure.doing, failure.said, failure.hint):
        assert text and not [secret for secret in secrets if secret in text]
        assert not re.search(r"://\S*\?", text)
    assert len(failure.said) <= LONGEST_SAID + 1
    assert len(failure.hint) <= LONGEST_HINT and len(failure.doing) <= LONGEST_HINT


def test_every_code_is_provoked_here_or_by_a_test_that_names_it() -> None:
    assert sorted([*PROVOKED, *ELSEWHERE]) == sorted(CODES)
    for code, file in ELSEWHERE.items():
        texts = [node.value for node in ast.walk(ast.parse((ROOT / file).read_text())) if isinstance(node, ast.Constant)]
        assert code in texts, f"{file} does not name {code}"


@pytest.mark.parametrize("code", PROVOKED)
def test_the_section_says_whether_the_run_waits(code: Code) -> None:
    meaning = sections()[code].partition("- Do:")[0]
    waits = re.search(r"\bWaits\b|\b[Bb]egun anew\b", meaning) is not None
    assert waits == (PROVOKED[code].kind != "conflict") or code == "import_refused"  # which does both
    assert waits or re.search(r"Fails at once|Not a failure", meaning)


def test_the_actions_that_hints_name_are_those_of_the_role() -> None:
    role = json.loads((ROOT / "infra" / "role.json").read_text())
    given = {action for mode in role.values() for kind in ("actions", "dataActions") for action in mode[kind]}
    named = re.findall(r"Microsoft\.ContainerRegistry/[A-Za-z/]+", " ".join(ROLE_ACTIONS.values()))
    assert named and set(named) <= given


@pytest.mark.parametrize("refused", ["call", "token"])
async def test_a_right_that_is_missing_is_told_wherever_the_registry_refuses(clouds: Clouds, refused: str) -> None:
    with answering(clouds.source, missingScope=refused), answering(clouds.target, missingScope=refused):
        source = await provoked_access.source_right_missing(clouds)
        target = await provoked_access.target_right_missing(clouds)
        wrong = await provoked_access.source_denied(clouds)
    assert (source.code, target.code, wrong.code) == ("source_right_missing", "target_right_missing", "source_denied")
    assert PROVOKED["target_right_missing"].hint in target.hint


@pytest.mark.parametrize("status", ["403", "405", "409"])
async def test_a_lock_is_found_by_whatever_status_it_is_told(clouds: Clouds, status: str) -> None:
    """Of a tag, a manifest or the repository; for a change or for a read."""
    name, other = f"provoked/locked-{status}", image(b"other")
    digest = clouds.target.push_image(name, "v1")
    clouds.target.push_image(name, "v2", layer=b"other")
    with answering(clouds.target, lockStatus=status):
        lock(clouds.target, name, writeEnabled=False)
        failure = await put(clouds, name, other)
        assert (failure.code, f"--repository {name}" in failure.hint) == ("locked", True)
        lock(clouds.target, name, writeEnabled=True)
        lock(clouds.target, f"{name}/_manifests/{digest}", readEnabled=False)
        async with target_client(target_of(clouds.target)) as (registry, _):
            failure = await refusal_of(registry.resolve(Repository(name), Tag("v1")))
    assert failure.code in ("read_locked", "disallowed")  # a HEAD of the tag does not tell which manifest it means


async def test_a_scopes_refusal_is_told_apart_from_a_lock_at_the_source_too(clouds: Clouds) -> None:
    """By whoever may read the attributes there."""
    clouds.source.push_image("provoked/open", "v1")
    lock(clouds.source, "provoked/open/_tags/v1", readEnabled=False)
    async with source_client(source_of(clouds.source, token="all")) as (registry, _):
        assert (await refusal_of(registry.resolve(Repository("provoked/open"), Tag("v1")))).code == "read_locked"


async def test_an_index_is_told_by_what_is_odd_about_its_children(clouds: Clouds) -> None:
    child = push_foreign(clouds.source, "provoked/index")
    content = index(image(b"layer"), clouds.source.registry("GET", f"/v2/provoked/index/manifests/{child}").body)
    assert clouds.source.push_manifest("provoked/index", "v2", content, INDEX_MEDIA_TYPES[0]).status == 201
    with answering(clouds.target, foreignLayers="refused"):
        assert (await imported(clouds, "provoked/index", digest_of(content))).code == "artifact_unsupported"


async def test_an_image_with_another_kind_of_digest_is_told(clouds: Clouds) -> None:
    layer = b"a layer by another algorithm, provoked"
    manifest = json.loads(image(layer))
    manifest["layers"][0]["digest"] = sha512(layer)
    content = json.dumps(manifest).encode()
    with answering(clouds.source, sha512="accepted"):
        clouds.source.push_image("provoked/sha512")
        assert clouds.source.registry("POST", f"/v2/provoked/sha512/blobs/uploads/?digest={sha512(layer)}", body=layer).status == 201
        assert clouds.source.push_manifest("provoked/sha512", digest_of(content), content).status == 201
        failure = await imported(clouds, "provoked/sha512", digest_of(content))
    assert (failure.code, "a digest by sha512" in failure.hint) == ("artifact_unsupported", True)


@pytest.mark.parametrize(
    "content, media_type, odd",
    [
        (image(b"layer"), OCI_MANIFEST, None),
        (b"no JSON", OCI_MANIFEST, None),
        (b'{"layers": [7, null, {"mediaType": 5, "digest": []}], "config": []}', OCI_MANIFEST, None),
        (b'{"layers": 7}', OCI_MANIFEST, None),
        (
            b'{"layers": [{"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"}]}',
            OCI_MANIFEST,
            "layers that are not to be distributed (foreign layers)",
        ),
    ],
)
def test_what_is_odd_about_a_manifest(content: bytes, media_type: str, odd: str | None) -> None:
    assert oddity_of(replace(Manifest.parse(image(b"layer"), OCI_MANIFEST), content=content, media_type=media_type)) == odd
