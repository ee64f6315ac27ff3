"""The same seed is the same story, and a story holds everything that is to be done."""

from collections import Counter

from tests.chaos.accidents import AT_LEAST, accidents
from tests.chaos.artifacts import FORMS, fallback, image, index, is_index, referrer, subject_of
from tests.chaos.plan import KINDS, plan
from tests.chaos.source import Delete, DeleteRepository, Push, Source
from tests.chaos.weather import gusts

SEED = 7
STORY = plan(SEED, 600)


def test_the_same_seed_is_the_same_story_and_another_is_another() -> None:
    assert plan(SEED, 600) == STORY
    assert plan(SEED + 1, 600) != STORY
    assert accidents(SEED, 600, ["china"]) == accidents(SEED, 600, ["china"])


def test_a_story_holds_every_kind_of_operation() -> None:
    assert {operation.kind for operation in STORY} == set(KINDS)


def test_a_story_deletes_children_subjects_and_what_tags_meant_and_brings_back_what_was_deleted() -> None:
    source, met = Source(), Counter[str]()
    for step in (step for operation in STORY for step in operation.steps):
        here = source.of(step.repository)
        match step:
            case Delete(_, digest):
                met["child"] += any(child.digest == digest for one in here.manifests.values() for child in one.children)
                met["subject"] += bool(here.referrers_of(digest))
                met["untagged"] += not here.tags_of(digest)
            case Push(_, pushed, _):
                met["again"] += pushed.digest in here.gone
                met["index with a shared child"] += is_index(pushed) and any(child.digest in here.manifests for child in pushed.children)
                met["nested"] += any(is_index(child) for child in pushed.children)
            case DeleteRepository():
                met["repository"] += 1
        source.apply(step)
    assert set(met) == {"child", "subject", "untagged", "again", "index with a shared child", "nested", "repository"}
    assert min(met.values()) > 0, met


def test_every_kind_of_accident_happens_often_enough() -> None:
    happened = Counter(one.what for one in accidents(SEED, 40, ["china", "usgov"]))
    assert happened["kill"] == happened["restart"] == AT_LEAST
    assert happened["rotate"] == 2


def test_a_deleted_subject_takes_its_referrers_and_all_their_tags_along() -> None:
    subject = image("subject")
    signature = referrer("signature", subject)
    second = referrer("of the signature", signature)
    source = Source()
    for step in (Push("a", subject, "v1"), Push("a", signature, None), Push("a", second, "signed"), Delete("a", subject.digest)):
        source.apply(step)
    assert (source.of("a").manifests, source.of("a").tags) == ({}, {})
    assert [one.digest for one in source.meanings["a", "signed"]] == [second.digest, None]


def test_artifacts_are_of_different_forms_and_name_what_they_belong_to() -> None:
    assert len({make("text").digest for make in FORMS}) == len(set(FORMS))
    subject = index("subject", (image("child"),))
    assert subject_of(referrer("signature", subject)) == subject.digest
    assert is_index(fallback((referrer("signature", subject),)))


def test_a_tenth_of_the_calls_fails() -> None:
    for cloud in ("source", "china"):
        shares = Counter[str]()
        for gust in gusts(cloud):
            service = gust.name.partition(":")[0]
            if "stale" not in gust.name and gust.on.get("method") in (None, "GET", "POST"):
                shares[service] += gust.chance  # type: ignore[assignment]
        assert 0.08 < shares["registry"] < 0.12, shares
