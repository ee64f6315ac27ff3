"""What a registry may hold and a replicator may trip over, by name, for unit and end-to-end tests alike.

Each is made up on the spot, without layers, and is the same each time."""

from functools import cache

from devkit.local.images import Image, descriptor, index_of, make_artifact, make_image, make_index

MOST_IN_ONE_IMPORT = 50  # manifests of an index (acr.md 2.3)
LARGEST_MANIFEST = 4 * 1024 * 1024  # bytes (acr.md 5)
EMPTY = ("application/vnd.oci.empty.v1+json", b"{}")  # image-spec, "Guidance for an Empty Descriptor"


def fallback_tag(image: Image) -> str:
    """Where the referrers of an image are listed by registries and clients that know no referrers API (distribution-spec, "Referrers Tag
    Schema"); with `.sig` and so on, where cosign puts them."""
    return image.digest.replace(":", "-")


def _platforms(count: int) -> list[str]:
    return [f"cpu{number}" for number in range(count)]


def _padded(size: int) -> Image:
    """To so many bytes exactly, which an annotation fills."""
    child = make_image("in a large manifest", layers=0)
    empty = len(index_of(child, annotations={"padding": ""}).content)
    return index_of(child, annotations={"padding": "x" * (size - empty)})


TEN_PLATFORMS = make_index("ten platforms", _platforms(10), layers=0)
INDEX_OF_51 = make_index("51", _platforms(MOST_IN_ONE_IMPORT + 1), layers=0)
NESTED = index_of(index_of(index_of(make_image("inmost", layers=0))), make_image("outmost", layers=0))

SIGNED = make_index("signed", ("amd64", "arm64"), layers=0)
SIGNATURE = make_image("signature", layers=0, subject=SIGNED)
SIGNATURE_OF_A_CHILD = make_image("signature of a child", layers=0, subject=SIGNED.children[0])
SIGNATURE_OF_A_SIGNATURE = make_image("signature of a signature", layers=0, subject=SIGNATURE)
SIGNATURE_OF_WHAT_IS_NOT_THERE = make_image("early", layers=0, subject=make_image("never pushed", layers=0))
FALLBACK = index_of(SIGNATURE)  # for SIGNED's fallback tag

ONLY_ITS_CHILDREN_SIGNED = make_index("only its children are signed", ("amd64", "arm64"), layers=0)
CHILDREN_S_SIGNATURES = tuple(make_image("of a child", layers=0, subject=child) for child in ONLY_ITS_CHILDREN_SIGNED.children)

_CHILD = make_image("child and subject", layers=0)
SUBJECT_IS_ITS_CHILD = index_of(_CHILD, subject=descriptor(_CHILD))  # the other way round, each digest would have to hold the other

EMPTY_CONFIG = make_artifact("application/vnd.example.sbom", EMPTY, EMPTY)
CHART = make_artifact(
    "application/vnd.cncf.helm.config.v1+json",
    ("application/vnd.cncf.helm.config.v1+json", b'{"name":"chart","version":"0.1.0","apiVersion":"v2"}'),
    ("application/vnd.cncf.helm.chart.content.v1.tar+gzip", b"any bytes"),
)
LARGEST = _padded(LARGEST_MANIFEST)

LOOKS_LIKE_A_DIGEST = f"sha256-{'a' * 64}"  # a tag
LONGEST_TAG = "t" * 128
LONGEST_REPOSITORY = "/".join(["nasty", *["n" * 59] * 4, "n" * 9])


@cache
def index_of_1001() -> Image:
    return make_index("1001", _platforms(1001), layers=0)
