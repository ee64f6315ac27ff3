"""What the suite skips at a local cloud, and why: each as Azure Container Registry is documented, or by the version that it implements.

A case, an API or a kind of data that does not pass and is not here is a failure; so is an entry that nothing answers to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

VERSION = "1.1"  # of distribution-spec: ACR has its referrers API (acr.md 5)
Answer = Literal["refused", "accepted"]  # of the switch `sha512`: what ACR does is not known (acr.md 5 [?]), so both are judged

TAG_DELETE = "ACR deletes a tag by /acr/v1/{name}/_tags/{tag}; DELETE of a manifest takes a digest alone (acr.md 5 [D])"
MOUNT = "ACR documents no mount without `from`; the spec lets a registry answer 202 and take an upload"
TAG_PARAM = f"pushing tags as parameters is of distribution-spec 1.1+dev; ACR implements {VERSION}"
SPARSE = "a manifest is refused while what it lists is not there, which the spec allows; the suite's own default for 1.1 leaves it out"
SHA512 = "every digest that ACR shows is sha256 (acr.md 5 [?]); the other run has sha512 accepted"


@dataclass(frozen=True, slots=True)
class Reasons:
    cases: Mapping[str, str]  # by a pattern of fnmatch
    apis: Mapping[str, str]  # by the suite's name
    data: Mapping[str, str]


def reasons(sha512: Answer) -> Reasons:
    return Reasons(
        cases={"*/delete/tag-delete": TAG_DELETE, "* blobs/mount anonymous/blob-mount-anonymous": MOUNT},
        apis={
            "Tag delete": TAG_DELETE,
            "Tag delete atomic": TAG_DELETE,
            "Blob anonymous mount": MOUNT,
            "Manifest put with tag params": TAG_PARAM,
        },
        data={
            "Sparse Manifests": SPARSE,
            "Tag Param": TAG_PARAM,
            "Tag Param sha512": TAG_PARAM,
            **({"Blobs sha512": SHA512, "Digest Algorithm sha512": SHA512} if sha512 == "refused" else {}),
        },
    )
