"""What a page costs without GraphQL: an endpoint that reads the same from the store, as JSON."""

import asyncio
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from dupi.accounts.models import User
from dupi.accounts.service import authenticate
from dupi.analyses.history import LEFT_OUT
from dupi.analyses.models import Analysis, Photo
from dupi.community.models import Block, Like, Post
from dupi.documents import StoredDocument
from dupi.resources import Resources

_POST = dict.fromkeys(("body", "search_text", "grams", "counting", "owed_audits"), 0)
_ANALYSIS = dict.fromkeys(LEFT_OUT, 0)
_SIZE = 20

Rows = list[dict[str, Any]]


def bare_app(resources: Resources) -> Starlette:
    """``/feed`` and ``/history`` of whoever holds the bearer token."""

    async def feed(request: Request) -> JSONResponse:
        viewer_id = await _viewer(resources, request)
        blocked = [row["blocked_id"] for row in await _all(Block, {"blocker_id": viewer_id})]
        where: dict[str, Any] = {"keeping": "KEPT", "is_hidden": False}
        if blocked:
            where["author_id"] = {"$nin": blocked}
        posts = await _newest(Post, where, _POST)
        likes = [f"{post['_id']}:{viewer_id}" for post in posts]
        authors, liked = await asyncio.gather(
            _all(User, {"_id": {"$in": [post["author_id"] for post in posts]}}),
            _all(Like, {"_id": {"$in": likes}, "counts": True}),
        )
        names = {author["_id"]: author["nickname"] for author in authors}
        mine = {like["post_id"] for like in liked}
        return JSONResponse([_post(post, names, mine) for post in posts])

    async def history(request: Request) -> JSONResponse:
        viewer_id = await _viewer(resources, request)
        await User.get_pymongo_collection().find_one({"_id": viewer_id})
        where = {"owner_id": viewer_id, "keeping": "KEPT"}
        analyses = await _newest(Analysis, where, _ANALYSIS)
        ids = [photo_id for one in analyses for photo_id in one["photo_ids"]]
        photos = await _all(Photo, where | {"_id": {"$in": ids}})
        by_id = {photo["_id"]: photo for photo in photos}
        return JSONResponse([_analysis(one, by_id) for one in analyses])

    return Starlette(
        routes=[
            Route("/feed", feed, methods=["POST"]),
            Route("/history", history, methods=["POST"]),
        ]
    )


async def _viewer(resources: Resources, request: Request) -> str:
    token = request.headers["authorization"].removeprefix("Bearer ")
    return (await authenticate(resources, access_token=token)).user_id


async def _all(kind: type[StoredDocument], where: dict[str, Any]) -> Rows:
    return await kind.get_pymongo_collection().find(where).to_list()


async def _newest(
    kind: type[StoredDocument], where: dict[str, Any], left_out: dict[str, int]
) -> Rows:
    rows = kind.get_pymongo_collection().find(where, left_out).sort("sort_key", -1)
    return await rows.limit(_SIZE + 1).to_list()


def _post(post: dict[str, Any], names: dict[str, str], mine: set[str]) -> dict[str, Any]:
    return {
        "id": post["_id"],
        "board": post["board"],
        "title": post["title"],
        "excerpt": post["excerpt"],
        "createdAt": post["created_at"].isoformat(),
        "likeCount": post["like_count"],
        "commentCount": post["comment_count"],
        "viewerHasLiked": post["_id"] in mine,
        "author": names.get(post["author_id"]),
        "images": [image["thumbnail_key"] for image in post["images"]],
    }


def _analysis(analysis: dict[str, Any], photos: dict[str, Any]) -> dict[str, Any]:
    shown = ("condition", "severity", "abstained", "site")
    return {
        "id": analysis["_id"],
        "status": analysis["status"],
        "progress": analysis["progress"],
        "createdAt": analysis["created_at"].isoformat(),
        "photos": [photos[one]["thumbnail_key"] for one in analysis["photo_ids"] if one in photos],
        "findings": [{name: one[name] for name in shown} for one in analysis["findings"]],
    }
