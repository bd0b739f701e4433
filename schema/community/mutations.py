"""Posting, commenting and liking. Each authorises, calls one service, maps."""

import strawberry

from dupi.community import service as community
from schema.community.inputs import (
    CreateCommentInput,
    CreatePostInput,
    DeleteCommentInput,
    DeletePostInput,
    LikePostInput,
    UnlikePostInput,
    UpdateCommentInput,
    UpdatePostInput,
    UploadPostImageInput,
)
from schema.community.queries import load_post
from schema.community.results import (
    CreateCommentPayload,
    CreateCommentResult,
    CreatePostPayload,
    CreatePostResult,
    DeleteCommentPayload,
    DeleteCommentResult,
    DeletePostPayload,
    DeletePostResult,
    LikePostPayload,
    LikePostResult,
    UnlikePostPayload,
    UnlikePostResult,
    UpdateCommentPayload,
    UpdateCommentResult,
    UpdatePostPayload,
    UpdatePostResult,
    UploadPostImagePayload,
    UploadPostImageResult,
)
from schema.community.types import Comment, Post, PostImage
from schema.context import Info
from schema.relay import given, global_id, record_id


@strawberry.type
class CommunityMutations:
    @strawberry.mutation
    async def upload_post_image(
        self, info: Info, input: UploadPostImageInput
    ) -> UploadPostImageResult:
        owner_id = info.context.signed_in.user_id
        image = await community.upload_post_image(
            info.context.resources,
            owner_id=owner_id,
            data=await input.file.read(),
            idempotency_key=given(input.idempotency_key),
        )
        return UploadPostImagePayload(image=PostImage.from_model(image, info.context))

    @strawberry.mutation
    async def create_post(self, info: Info, input: CreatePostInput) -> CreatePostResult:
        author_id = info.context.signed_in.user_id
        post = await community.create_post(
            info.context.resources,
            author_id=author_id,
            draft=input.to_domain(),
            idempotency_key=given(input.idempotency_key),
        )
        return CreatePostPayload(post=Post.from_model(post))

    @strawberry.mutation
    async def update_post(self, info: Info, input: UpdatePostInput) -> UpdatePostResult:
        author_id = info.context.signed_in.user_id
        post = await community.update_post(
            info.context.resources,
            author_id=author_id,
            post_id=record_id("Post", input.post_id),
            changes=input.to_domain(),
        )
        return UpdatePostPayload(post=Post.from_model(post))

    @strawberry.mutation
    async def delete_post(self, info: Info, input: DeletePostInput) -> DeletePostResult:
        author_id = info.context.signed_in.user_id
        deleted_id = await community.delete_post(
            info.context.resources,
            author_id=author_id,
            post_id=record_id("Post", input.post_id),
        )
        return DeletePostPayload(deleted_id=global_id("Post", deleted_id))

    @strawberry.mutation
    async def create_comment(self, info: Info, input: CreateCommentInput) -> CreateCommentResult:
        author_id, parent_id = info.context.signed_in.user_id, given(input.parent_id)
        comment = await community.create_comment(
            info.context.resources,
            author_id=author_id,
            post_id=record_id("Post", input.post_id),
            parent_id=None if parent_id is None else record_id("Comment", parent_id),
            body=input.body,
            idempotency_key=given(input.idempotency_key),
        )
        post = await load_post(info.context, comment.post_id)
        return CreateCommentPayload(comment=Comment.from_model(comment), post=post)

    @strawberry.mutation
    async def update_comment(self, info: Info, input: UpdateCommentInput) -> UpdateCommentResult:
        author_id = info.context.signed_in.user_id
        comment = await community.update_comment(
            info.context.resources,
            author_id=author_id,
            comment_id=record_id("Comment", input.comment_id),
            body=input.body,
        )
        return UpdateCommentPayload(comment=Comment.from_model(comment))

    @strawberry.mutation
    async def delete_comment(self, info: Info, input: DeleteCommentInput) -> DeleteCommentResult:
        author_id = info.context.signed_in.user_id
        comment_id = record_id("Comment", input.comment_id)
        post, left = await community.delete_comment(author_id=author_id, comment_id=comment_id)
        return DeleteCommentPayload(
            deleted_id=global_id("Comment", comment_id),
            comment=Comment.from_model(left) if left else None,
            post=Post.from_model(post),
        )

    @strawberry.mutation
    async def like_post(self, info: Info, input: LikePostInput) -> LikePostResult:
        """Liking again changes nothing."""
        user_id = info.context.signed_in.user_id
        post = await community.like_post(
            info.context.resources, user_id=user_id, post_id=record_id("Post", input.post_id)
        )
        return LikePostPayload(post=Post.from_model(post))

    @strawberry.mutation
    async def unlike_post(self, info: Info, input: UnlikePostInput) -> UnlikePostResult:
        """Where it was not liked, nothing changes."""
        user_id = info.context.signed_in.user_id
        post = await community.unlike_post(
            info.context.resources, user_id=user_id, post_id=record_id("Post", input.post_id)
        )
        return UnlikePostPayload(post=Post.from_model(post))
