"""Photos and analyses, as GraphQL text: the good case, and every refusal."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette

from dupi.analyses import service
from tests.support.photos import encoded, photo_bytes, png_of_header, scalp_picture
from tests.support.web import SURVEY, Caller, caller

LIST = """
query L($first: Int, $after: String, $last: Int, $before: String, $filter: PhotoFilter) {
  viewer { photos(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
    edges { cursor node { id site } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  } }
}
"""


@pytest.fixture
async def other(app: Starlette) -> AsyncIterator[Caller]:
    """Someone else, who consented too."""
    async with caller(app) as someone:
        await someone.sign_up("other@example.com")
        await someone.consent()
        yield someone


async def uploaded(who: Caller, photo: bytes, site: str = "CROWN") -> str:
    answer = await who.upload(photo, site)
    assert answer["__typename"] == "UploadPhotoPayload", answer
    return str(answer["photo"]["id"])


async def requested(who: Caller, *photo_ids: str, **more: Any) -> Any:
    given = {"photoIds": list(photo_ids), "survey": SURVEY} | more
    return await who.run("RequestAnalysis", input=given)


async def test_a_photo_needs_a_consent(anyone: Caller, photo: bytes) -> None:
    await anyone.sign_up()
    refused = await anyone.upload(photo)
    assert (refused["__typename"], refused["kind"]) == ("ConsentRequiredError", "SENSITIVE_DATA")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("empty", "UnsupportedImageError"),
        ("text", "UnsupportedImageError"),
        ("huge header", "UnsupportedImageError"),
        ("truncated", "UnsupportedImageError"),
        ("black", "PoorImageError"),
        ("small", "PoorImageError"),
    ],
)
async def test_a_file_that_is_no_good_photo(mina: Caller, name: str, kind: str) -> None:
    files = {
        "empty": b"",
        "text": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "huge header": png_of_header(50_000, 50_000),
        "truncated": photo_bytes()[:2000],
        "black": encoded(scalp_picture().point(lambda value: value // 40)),
        "small": photo_bytes(64, 48),
    }
    refused = await mina.upload(files[name])
    assert refused["__typename"] == kind
    assert refused["message"]
    assert kind != "PoorImageError" or refused["reasons"]


async def test_the_same_key_uploads_once(mina: Caller, photo: bytes) -> None:
    first = await mina.upload(photo, idempotencyKey="k")
    again = await mina.upload(photo, idempotencyKey="k")
    assert first["photo"]["id"] == again["photo"]["id"]
    another = await mina.upload(photo, "LEFT", idempotencyKey="k")
    assert another["__typename"] == "ConflictError"


async def test_pages_of_photos(mina: Caller, photo: bytes) -> None:
    ids = [await uploaded(mina, photo, site) for site in ("CROWN", "LEFT", "RIGHT")]
    ids.reverse()
    first = (await mina.data(LIST, first=2))["viewer"]["photos"]
    assert [edge["node"]["id"] for edge in first["edges"]] == ids[:2]
    assert first["pageInfo"]["hasNextPage"] is True
    rest = (await mina.data(LIST, first=2, after=first["pageInfo"]["endCursor"]))["viewer"][
        "photos"
    ]
    assert [edge["node"]["id"] for edge in rest["edges"]] == ids[2:]
    assert rest["pageInfo"]["hasNextPage"] is False
    back = (await mina.data(LIST, last=1, before=rest["edges"][0]["cursor"]))["viewer"]["photos"]
    assert [edge["node"]["id"] for edge in back["edges"]] == ids[1:2]
    left = (await mina.data(LIST, filter={"site": "LEFT"}))["viewer"]["photos"]
    assert [edge["node"]["site"] for edge in left["edges"]] == ["LEFT"]


@pytest.mark.parametrize(
    "arguments",
    [{"first": 0}, {"first": -1}, {"first": 1, "last": 1}, {"after": "x"}, {"before": ""}],
)
async def test_a_page_that_cannot_be(mina: Caller, arguments: dict[str, Any]) -> None:
    assert await mina.code(LIST, **arguments) == "INVALID_INPUT"


async def test_an_analysis_is_queued_once_a_key(mina: Caller, photo: bytes) -> None:
    photo_id = await uploaded(mina, photo)
    first = await requested(mina, photo_id, idempotencyKey="k")
    assert first["analysis"]["status"] == "QUEUED"
    again = await requested(mina, photo_id, idempotencyKey="k")
    assert again["analysis"]["id"] == first["analysis"]["id"]
    other_input = {**SURVEY, "symptoms": ["PAIN"]}
    conflict = await requested(mina, photo_id, idempotencyKey="k", survey=other_input)
    assert conflict["__typename"] == "ConflictError"


async def test_photos_that_do_not_fit_together(mina: Caller, photo: bytes) -> None:
    one, two = await uploaded(mina, photo), await uploaded(mina, photo)
    for photo_ids, code in (([], "TOO_FEW"), ([one, two], "DUPLICATE"), ([one] * 5, "TOO_MANY")):
        refused = await requested(mina, *photo_ids)
        assert refused["__typename"] == "InvalidInputError", refused
        assert refused["fields"][0]["code"] == code


async def test_answers_given_twice_are_named(mina: Caller, photo: bytes) -> None:
    photo_id = await uploaded(mina, photo)
    refused = await requested(mina, photo_id, survey={**SURVEY, "products": ["SHAMPOO"] * 2})
    assert refused["fields"][0]["path"] == ["survey", "products", "1"]


async def test_symptoms_are_never_left_out(mina: Caller) -> None:
    survey = {name: value for name, value in SURVEY.items() if name != "symptoms"}
    answer = await mina.ask(
        "mutation M($i: RequestAnalysisInput!) { requestAnalysis(input: $i) { __typename } }",
        i={"photoIds": [], "survey": survey},
    )
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_INVALID"


async def test_what_is_anothers_is_as_what_is_not_there(
    mina: Caller, other: Caller, photo: bytes
) -> None:
    photo_id = await uploaded(mina, photo)
    analysis_id = (await requested(mina, photo_id))["analysis"]["id"]
    for foreign, absent in ((photo_id, "x"), (analysis_id, "x")):
        assert await other.run("Node", id=foreign) is None
        assert await other.run("Node", id=absent) is None
        assert await other.run("Analysis", id=foreign) is None
    for name, field, foreign in (
        ("DeletePhoto", "photoId", photo_id),
        ("DeleteAnalysis", "analysisId", analysis_id),
    ):
        answers = [await other.run(name, input={field: one}) for one in (foreign, "nonsense")]
        assert answers[0] == answers[1]
        assert answers[0]["__typename"] == "NotFoundError"
    assert (await requested(other, photo_id))["__typename"] == "NotFoundError"
    assert await mina.run("Analysis", id=analysis_id)


async def test_a_node_needs_a_session(anyone: Caller, mina: Caller, photo: bytes) -> None:
    photo_id = await uploaded(mina, photo)
    assert await anyone.code("query Q($id: ID!) { node(id: $id) { id } }", id=photo_id) == (
        "UNAUTHENTICATED"
    )
    viewer = await mina.run("Viewer")
    assert await mina.run("Node", id=viewer["id"]) is None


async def test_analyses_go_with_their_photo(mina: Caller, photo: bytes) -> None:
    photo_id = await uploaded(mina, photo)
    analysis_id = (await requested(mina, photo_id))["analysis"]["id"]
    deleted = await mina.run("DeletePhoto", input={"photoId": photo_id})
    assert deleted["deletedAnalysisIds"] == [analysis_id]
    assert await mina.run("Analysis", id=analysis_id) is None


async def test_a_list_reads_its_photos_at_once(
    mina: Caller, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo_id = await uploaded(mina, photo)
    for _ in range(3):
        await requested(mina, photo_id)
    reads: list[list[str]] = []
    real = service.get_photos

    async def counted(resources: Any, *, owner_id: str, photo_ids: list[str]) -> Any:
        reads.append(photo_ids)
        return await real(resources, owner_id=owner_id, photo_ids=photo_ids)

    monkeypatch.setattr(service, "get_photos", counted)
    edges = (await mina.run("Analyses"))["analyses"]["edges"]
    assert [len(edge["node"]["photos"]) for edge in edges] == [1, 1, 1]
    assert len(reads) == 1


async def test_filters_of_analyses(mina: Caller, photo: bytes) -> None:
    await requested(mina, await uploaded(mina, photo, "BACK"))
    for chosen, count in (
        ({"status": "QUEUED"}, 1),
        ({"status": "COMPLETED"}, 0),
        ({"site": "BACK"}, 1),
        ({"since": "2020-01-01T00:00:00Z", "until": "2999-01-01T00:00:00+09:00"}, 1),
        ({"until": "2020-01-01T00:00:00Z"}, 0),
    ):
        found = (await mina.run("Analyses", filter=chosen))["analyses"]["edges"]
        assert len(found) == count, chosen
