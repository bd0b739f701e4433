"""Uploading, serving and deleting over a bucket: nothing is left in it, neighbours stay."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from dupi.resources import Resources
from tests.adapters.conftest import bucket_storage
from tests.several.conftest import path_of
from tests.support.buckets import BucketServer
from tests.support.web import Caller, app_over, caller


@pytest.fixture
async def mina(parts: Resources, buckets: BucketServer) -> AsyncIterator[Caller]:
    """Someone who may upload, to an app that keeps its photos in an empty bucket."""
    buckets.empty()
    app = app_over(replace(parts, storage=bucket_storage(buckets.endpoint)))
    async with caller(app) as someone:
        await someone.sign_up()
        await someone.consent()
        yield someone


async def _served(someone: Caller, url: str) -> httpx.Response:
    return await someone.http.get(path_of(url))


async def test_upload_serve_and_delete(mina: Caller, photo: bytes, buckets: BucketServer) -> None:
    one = (await mina.upload(photo))["photo"]
    of_one = set(buckets.keys())
    two = (await mina.upload(photo, "LEFT"))["photo"]
    of_two = set(buckets.keys()) - of_one
    assert {key.rsplit("/")[-1] for key in of_one} == {"original.jpg", "thumbnail.jpg"}
    for url in (one["url"], one["thumbnailUrl"]):
        answer = await _served(mina, url)
        assert answer.content.startswith(b"\xff\xd8")
        assert answer.headers["content-type"] == "image/jpeg"
    await mina.run("DeletePhoto", input={"photoId": one["id"]})
    assert set(buckets.keys()) == of_two
    assert (await _served(mina, one["url"])).status_code == 404
    assert (await _served(mina, two["url"])).status_code == 200


async def test_the_same_upload_twice_is_one_photo(
    mina: Caller, photo: bytes, buckets: BucketServer
) -> None:
    first = await mina.upload(photo, idempotencyKey="one-and-the-same")
    kept = buckets.keys()
    again = await mina.upload(photo, idempotencyKey="one-and-the-same")
    assert again["photo"]["id"] == first["photo"]["id"]
    assert buckets.keys() == kept


async def test_a_refused_photo_leaves_nothing(mina: Caller, buckets: BucketServer) -> None:
    assert (await mina.upload(b"no photo at all"))["code"] == "UNSUPPORTED_IMAGE"
    assert buckets.keys() == []


async def test_withdrawing_the_consent_empties_the_bucket(
    mina: Caller, photo: bytes, buckets: BucketServer
) -> None:
    for site in ("CROWN", "LEFT"):
        await mina.upload(photo, site)
    assert len(buckets.keys()) == 4
    await mina.run("WithdrawConsent", input={"kind": "SENSITIVE_DATA"})
    assert buckets.keys() == []
