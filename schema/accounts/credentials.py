"""Replacing passwords, confirming e-mails, ending sessions."""

import strawberry

from dupi.accounts import service as accounts
from dupi.knowledge.vocabulary import Locale
from schema.accounts.cookies import delete_refresh_cookie
from schema.accounts.inputs import (
    ChangePasswordInput,
    RequestEmailVerificationInput,
    RequestPasswordResetInput,
    ResetPasswordInput,
    RevokeSessionInput,
    VerifyEmailInput,
)
from schema.accounts.results import (
    ChangePasswordPayload,
    ChangePasswordResult,
    RequestEmailVerificationPayload,
    RequestEmailVerificationResult,
    RequestPasswordResetPayload,
    RequestPasswordResetResult,
    ResetPasswordPayload,
    ResetPasswordResult,
    RevokeSessionPayload,
    RevokeSessionResult,
    VerifyEmailPayload,
    VerifyEmailResult,
)
from schema.accounts.types import User
from schema.context import Context, Info
from schema.relay import given, record_id


@strawberry.type
class CredentialMutations:
    @strawberry.mutation
    async def change_password(self, info: Info, input: ChangePasswordInput) -> ChangePasswordResult:
        context, principal = info.context, info.context.signed_in
        user = await accounts.change_password(
            context.resources,
            user_id=principal.user_id,
            session_id=principal.session_id,
            current=input.current_password,
            new=input.new_password,
            locale=context.locale,
            address=context.address,
        )
        return ChangePasswordPayload(viewer=User.from_model(user, session_id=principal.session_id))

    @strawberry.mutation
    async def request_password_reset(
        self, info: Info, input: RequestPasswordResetInput
    ) -> RequestPasswordResetResult:
        """Answers alike whether anybody has this e-mail or not."""
        await accounts.request_password_reset(
            info.context.resources,
            email=input.email,
            locale=_locale(info.context, input.locale),
            address=info.context.address,
        )
        return RequestPasswordResetPayload(requested=True)

    @strawberry.mutation
    async def reset_password(self, info: Info, input: ResetPasswordInput) -> ResetPasswordResult:
        await accounts.reset_password(
            info.context.resources,
            token=input.token,
            new=input.new_password,
            locale=info.context.locale,
            address=info.context.address,
        )
        delete_refresh_cookie(info.context)
        return ResetPasswordPayload(password_reset=True)

    @strawberry.mutation
    async def request_email_verification(
        self, info: Info, input: RequestEmailVerificationInput
    ) -> RequestEmailVerificationResult:
        context, principal = info.context, info.context.signed_in
        user = await accounts.request_email_verification(
            context.resources,
            user_id=principal.user_id,
            locale=_locale(context, input.locale),
            address=context.address,
        )
        viewer = User.from_model(user, session_id=principal.session_id)
        return RequestEmailVerificationPayload(viewer=viewer)

    @strawberry.mutation
    async def verify_email(self, info: Info, input: VerifyEmailInput) -> VerifyEmailResult:
        """Needs no session: the mail may be read on another device."""
        verified_at = await accounts.verify_email(
            info.context.resources, token=input.token, address=info.context.address
        )
        return VerifyEmailPayload(email_verified_at=verified_at)

    @strawberry.mutation
    async def revoke_session(self, info: Info, input: RevokeSessionInput) -> RevokeSessionResult:
        """Of another device, or this one: that is logging out."""
        context, principal = info.context, info.context.signed_in
        session_id = record_id("Session", input.session_id)
        await accounts.revoke_session(
            context.resources, user_id=principal.user_id, session_id=session_id
        )
        if session_id == principal.session_id:
            delete_refresh_cookie(context)
        user = await accounts.get_user(context.resources, user_id=principal.user_id)
        viewer = User.from_model(user, session_id=principal.session_id)
        return RevokeSessionPayload(revoked_id=input.session_id, viewer=viewer)


def _locale(context: Context, wanted: Locale | None) -> Locale:
    return given(wanted) or context.locale
