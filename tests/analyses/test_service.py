"""What a person can do, on the real store and a real folder."""

from pathlib import Path

import pytest

from dupi.analyses.consent import withdraw_sensitive_data
from dupi.analyses.models import Analysis, AnalysisStatus, Photo
from dupi.analyses.service import (
    AnalysisFilter,
    PhotoFilter,
    delete_analysis,
    delete_photo,
    get_analysis,
    get_photo,
    list_analyses,
    list_photos,
    request_analysis,
    upload_photo,
)
from dupi.errors import (
    Conflict,
    ConsentRequired,
    FieldErrorCode,
    InvalidInput,
    NotFound,
    PoorImage,
    RateLimited,
    Unavailable,
    UnsupportedImage,
)
from dupi.ids import new_id
from dupi.knowledge.vocabulary import ScalpSite, Symptom
from dupi.paging import PageRequest
from dupi.resources import Resources
from tests.analyses.doubles import a_person, some_photos
from tests.analyses.running import a_queued, told
from tests.knowledge.cases import PLAIN_SURVEY, a_survey
from tests.support.photos import photo_bytes

CROWN, LEFT, RIGHT = ScalpSite.CROWN, ScalpSite.LEFT, ScalpSite.RIGHT


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    return tmp_path / "objects"


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


async def ask(platform: Resources, owner_id: str, photo_ids: list[str], **more: str) -> Analysis:
    return await request_analysis(
        platform, owner_id=owner_id, photo_ids=photo_ids, survey=PLAIN_SURVEY, **more
    )


async def test_a_photo_is_stored_with_its_files(platform: Resources, objects: Path) -> None:
    owner_id = await a_person(platform)
    photo = (await some_photos(platform, owner_id, CROWN))[0]
    assert await get_photo(platform, owner_id=owner_id, photo_id=photo.id) == photo
    assert files(objects) == ["original.jpg", "thumbnail.jpg"]
    assert (photo.width, photo.height) == (640, 480)


async def test_without_consent_nothing_is_taken(platform: Resources, objects: Path) -> None:
    owner_id = await a_person(platform, consenting=False)
    with pytest.raises(ConsentRequired):
        await some_photos(platform, owner_id, CROWN)
    with pytest.raises(ConsentRequired):
        await ask(platform, owner_id, ["p"])
    assert files(objects) == []


@pytest.mark.parametrize(("data", "error"), [(b"text", UnsupportedImage), (b"", UnsupportedImage)])
async def test_what_is_no_photo_leaves_nothing_behind(
    platform: Resources, objects: Path, data: bytes, error: type[Exception]
) -> None:
    owner_id = await a_person(platform)
    with pytest.raises(error):
        await upload_photo(platform, owner_id=owner_id, data=data, site=CROWN)
    assert files(objects) == []


async def test_a_poor_photo_is_refused_with_reasons(platform: Resources) -> None:
    owner_id = await a_person(platform)
    with pytest.raises(PoorImage) as refused:
        await upload_photo(platform, owner_id=owner_id, data=photo_bytes(200, 150), site=CROWN)
    assert refused.value.reasons


async def test_an_upload_that_cannot_be_recorded_removes_its_files(
    platform: Resources, objects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner_id = await a_person(platform)

    async def fail(self: Photo) -> None:
        raise Unavailable("store")

    monkeypatch.setattr(Photo, "insert", fail)
    with pytest.raises(Unavailable):
        await some_photos(platform, owner_id, CROWN)
    assert files(objects) == []


async def test_the_same_key_gets_the_first_photo_again(platform: Resources) -> None:
    owner_id, key = await a_person(platform), new_id()
    sent = {"owner_id": owner_id, "site": CROWN, "idempotency_key": key}
    first = await upload_photo(platform, data=photo_bytes(seed=1), **sent)  # type: ignore[arg-type]
    again = await upload_photo(platform, data=photo_bytes(seed=1), **sent)  # type: ignore[arg-type]
    assert again.id == first.id
    with pytest.raises(Conflict):
        await upload_photo(platform, data=photo_bytes(seed=2), **sent)  # type: ignore[arg-type]


async def test_photos_are_listed_newest_first_by_site(platform: Resources) -> None:
    owner_id = await a_person(platform)
    photos = await some_photos(platform, owner_id, CROWN, LEFT, CROWN)
    page = await list_photos(platform, owner_id=owner_id, page=PageRequest(first=2))
    assert [photo.id for photo in page.items] == [photos[2].id, photos[1].id]
    assert page.has_next
    crowns = await list_photos(
        platform, owner_id=owner_id, page=PageRequest(), where=PhotoFilter(site=CROWN)
    )
    assert [photo.id for photo in crowns.items] == [photos[2].id, photos[0].id]


async def test_an_analysis_is_queued_with_its_first_event(platform: Resources) -> None:
    queued = await a_queued(platform, CROWN, LEFT)
    assert (queued.status, queued.sites) == (AnalysisStatus.QUEUED, [CROWN, LEFT])
    assert [event.kind for event in told(queued)] == ["STATUS_CHANGED"]
    assert queued.request_id == "request-1"
    read = await get_analysis(platform, owner_id=queued.owner_id, analysis_id=queued.id)
    assert read == queued.model_copy(update={"events": {}})


@pytest.mark.parametrize(
    ("photo_ids", "path", "code"),
    [
        ([], ("photoIds",), FieldErrorCode.TOO_FEW),
        (["a", "b", "c", "d", "e"], ("photoIds",), FieldErrorCode.TOO_MANY),
        (["a", "b", "a"], ("photoIds", "2"), FieldErrorCode.DUPLICATE),
    ],
)
async def test_the_photos_of_a_request_are_checked(
    platform: Resources, photo_ids: list[str], path: tuple[str, ...], code: FieldErrorCode
) -> None:
    owner_id = await a_person(platform)
    with pytest.raises(InvalidInput) as refused:
        await ask(platform, owner_id, photo_ids)
    assert [(p.path, p.code) for p in refused.value.fields] == [(path, code)]


async def test_one_photo_a_site(platform: Resources) -> None:
    owner_id = await a_person(platform)
    photos = await some_photos(platform, owner_id, CROWN, LEFT, CROWN)
    with pytest.raises(InvalidInput) as refused:
        await ask(platform, owner_id, [photo.id for photo in photos])
    assert [problem.path for problem in refused.value.fields] == [("photoIds", "2")]


async def test_a_symptom_named_twice_is_refused(platform: Resources) -> None:
    owner_id = await a_person(platform)
    survey = a_survey(symptoms=(Symptom.PAIN, Symptom.ITCHING, Symptom.PAIN))
    with pytest.raises(InvalidInput) as refused:
        await request_analysis(platform, owner_id=owner_id, photo_ids=["a"], survey=survey)
    assert [problem.path for problem in refused.value.fields] == [("survey", "symptoms", "2")]


async def test_foreign_things_are_not_found(platform: Resources) -> None:
    queued, stranger = await a_queued(platform), await a_person(platform)
    photo_id = queued.photo_ids[0]
    with pytest.raises(NotFound):
        await get_photo(platform, owner_id=stranger, photo_id=photo_id)
    with pytest.raises(NotFound):
        await delete_photo(platform, owner_id=stranger, photo_id=photo_id)
    with pytest.raises(NotFound):
        await get_analysis(platform, owner_id=stranger, analysis_id=queued.id)
    with pytest.raises(NotFound):
        await delete_analysis(platform, owner_id=stranger, analysis_id=queued.id)
    with pytest.raises(NotFound):
        await ask(platform, stranger, [photo_id])


async def test_a_request_with_the_same_key_is_one_analysis(platform: Resources) -> None:
    owner_id, key = await a_person(platform), new_id()
    photos = await some_photos(platform, owner_id, CROWN, LEFT)
    first = await ask(platform, owner_id, [photos[0].id], idempotency_key=key)
    again = await ask(platform, owner_id, [photos[0].id], idempotency_key=key)
    assert again.id == first.id
    with pytest.raises(Conflict):
        await ask(platform, owner_id, [photos[1].id], idempotency_key=key)
    page = await list_analyses(platform, owner_id=owner_id, page=PageRequest())
    assert len(page.items) == 1


async def test_too_many_running_ones_are_refused(platform: Resources) -> None:
    owner_id = await a_person(platform)
    photo = (await some_photos(platform, owner_id, CROWN))[0]
    for _ in range(platform.settings.analyses.max_running_per_person):
        await ask(platform, owner_id, [photo.id])
    with pytest.raises(RateLimited):
        await ask(platform, owner_id, [photo.id])


async def test_analyses_are_listed_by_status_and_site(platform: Resources) -> None:
    owner_id = await a_person(platform)
    crown, left = await some_photos(platform, owner_id, CROWN, LEFT)
    both = await ask(platform, owner_id, [crown.id, left.id])
    one = await ask(platform, owner_id, [crown.id])

    async def listed(**where: object) -> list[str]:
        page = await list_analyses(
            platform,
            owner_id=owner_id,
            page=PageRequest(),
            where=AnalysisFilter(**where),  # type: ignore[arg-type]
        )
        assert all(analysis.events == {} for analysis in page.items)
        return [analysis.id for analysis in page.items]

    assert await listed() == [one.id, both.id]
    assert await listed(site=LEFT) == [both.id]
    assert await listed(site=RIGHT) == []
    assert await listed(status=AnalysisStatus.QUEUED) == [one.id, both.id]
    assert await listed(status=AnalysisStatus.COMPLETED) == []
    assert await listed(since=one.created_at) == [one.id]
    assert await listed(until=one.created_at) == [both.id]


async def test_deleting_a_photo_takes_its_analyses_along(
    platform: Resources, objects: Path
) -> None:
    owner_id = await a_person(platform)
    crown, left = await some_photos(platform, owner_id, CROWN, LEFT)
    both = await ask(platform, owner_id, [crown.id, left.id])
    other = await ask(platform, owner_id, [left.id])
    deleted = await delete_photo(platform, owner_id=owner_id, photo_id=crown.id)
    assert deleted.analysis_ids == (both.id,)
    assert files(objects) == ["original.jpg", "thumbnail.jpg"]
    page = await list_analyses(platform, owner_id=owner_id, page=PageRequest())
    assert [analysis.id for analysis in page.items] == [other.id]
    with pytest.raises(NotFound):
        await delete_photo(platform, owner_id=owner_id, photo_id=crown.id)


async def test_withdrawing_the_consent_removes_everything_of_that_person_only(
    platform: Resources, objects: Path
) -> None:
    mine, theirs = await a_queued(platform), await a_queued(platform)
    await withdraw_sensitive_data(platform, user_id=mine.owner_id)
    assert await Analysis.find({}).count() == 1
    assert [photo.owner_id async for photo in Photo.find({})] == [theirs.owner_id]
    assert files(objects) == ["original.jpg", "thumbnail.jpg"]
    with pytest.raises(NotFound):
        await withdraw_sensitive_data(platform, user_id=mine.owner_id)
