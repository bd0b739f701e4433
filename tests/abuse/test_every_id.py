"""Every place that takes an id answers the same to another's, a deleted thing's, one of another
type and nonsense: whoever tries ids learns nothing from any of them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.applications import Starlette

from dupi.community.models import Post as StoredPost
from dupi.ids import new_id
from dupi.resources import Resources
from schema.relay import global_id, parse_id
from tests.abuse.id_places import Place, inner_arguments, places
from tests.api.test_routes import queued
from tests.community.conftest import MANY
from tests.schema.community.doing import a_comment_id, a_post_id, an_image
from tests.support.photos import photo_bytes
from tests.support.web import Caller, caller

SAME_ID = {"X-Request-Id": "same"}
NONSENSE = ("", "x", "💥", "UG9zdDo", "a" * 500)
PLACES = places()


@pytest.fixture
def parts(parts: Resources) -> Resources:
    """With limits that these tries do not meet."""
    photos = parts.settings.photos.model_copy(update={"uploads_per_person": 1000})
    return replace(
        parts,
        settings=parts.settings.model_copy(update={"community": MANY, "photos": photos}),
    )


@pytest.fixture
async def other(app: Starlette) -> AsyncIterator[Caller]:
    async with caller(app) as someone:
        await someone.sign_up("other@example.com")
        await someone.consent()
        yield someone


async def belongings(who: Caller, photo: bytes) -> dict[str, str]:
    """One of everything, by type."""
    analysis_id = await queued(who, photo)
    photos = (await who.run("Photos"))["photos"]["edges"]
    image_id = (await an_image(who, photo_bytes(64, 48)))["image"]["id"]
    post_id = await a_post_id(who)
    viewer = await who.run("Viewer")
    return {
        "Session": viewer["sessions"][0]["id"],
        "Consent": viewer["consents"][0]["id"],
        "Analysis": analysis_id,
        "Author": (await who.run("MyPosts"))["author"]["id"],
        "Photo": photos[0]["node"]["id"],
        "PostImage": image_id,
        "Post": post_id,
        "Comment": await a_comment_id(who, post_id),
        "Deployment": global_id("Deployment", new_id()),
        "Shadow": global_id("Shadow", new_id()),
    }


@pytest.fixture
async def own(mina: Caller, photo: bytes) -> dict[str, str]:
    return await belongings(mina, photo)


@pytest.fixture
async def foreign(other: Caller, photo: bytes) -> dict[str, str]:
    """Hers, by type; the post is hidden, for others may see what is not. Authors are not secret."""
    found = await belongings(other, photo)
    hidden = {"$set": {"is_hidden": True, "hidden_reason": "x"}}
    post_id = parse_id(found["Post"])[1]
    await StoredPost.get_pymongo_collection().update_one({"_id": post_id}, hidden)
    del found["Author"]
    return found


@pytest.fixture
async def deleted(mina: Caller, photo: bytes) -> dict[str, str]:
    """Once her own."""
    gone = await belongings(mina, photo)
    await mina.run("DeleteComment", input={"commentId": gone["Comment"]})
    await mina.run("DeletePost", input={"postId": gone["Post"]})
    await mina.run("DeletePhoto", input={"photoId": gone["Photo"]})
    shown = await a_post_id(mina, imageIds=[gone["PostImage"]])
    await mina.run("DeletePost", input={"postId": shown})
    for kind in ("Author", "Consent", "Session"):  # that cannot go while she looks
        gone[kind] = global_id(kind, new_id())
    return gone


async def answer(who: Caller, place: Place, identity: str, own: dict[str, str]) -> Any:
    body = {"query": place.document, "variables": place.variables(identity, own)}
    accept = {"Accept": "text/event-stream"} if place.operation == "Subscription" else {}
    return (await who.post(body, **SAME_ID, **accept)).content


@pytest.mark.parametrize("place", PLACES, ids=str)
async def test_nothing_tells_one_wrong_id_from_another(
    mina: Caller,
    own: dict[str, str],
    foreign: dict[str, str],
    deleted: dict[str, str],
    place: Place,
) -> None:
    wrong: list[str] = [global_id(kind, new_id()) for kind in place.kinds]
    wrong += [ids[kind] for ids in (foreign, deleted) for kind in place.kinds if kind in ids]
    wrong += [identity for kind, identity in own.items() if kind not in place.kinds]
    wrong += NONSENSE
    if str(place) == "Query.node.id":
        wrong = [one for one in wrong if one not in own.values()]
    answers = {await answer(mina, place, identity, own) for identity in wrong}
    assert len(answers) == 1, answers
    [told] = answers
    refused = any(code in told for code in (b"NOT_FOUND", b"FORBIDDEN"))
    assert refused or told.replace(b" ", b"").endswith(b":null}}"), told


def test_every_place_is_walked() -> None:
    """The walk finds what is there: at least these, and none whose type nobody has named."""
    names = {str(place) for place in PLACES}
    assert not list(inner_arguments()), "fields below the root take ids, too"
    assert {"Query.post.id", "Mutation.createPost.imageIds", "Mutation.likePost.postId"} <= names
    assert all(place.kinds for place in PLACES)
