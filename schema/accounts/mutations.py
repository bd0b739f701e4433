"""Signing up, in and out; the profile; consents. Each authorises, calls one service, maps."""

from typing import Any, TypeVar

import strawberry

from dupi.accounts import models
from dupi.accounts import service as accounts
from dupi.accounts.models import ConsentKind
from dupi.accounts.service import UNCHANGED, Principal, SignedIn
from dupi.analyses.consent import withdraw_sensitive_data
from dupi.errors import InvalidCredentials, InvalidInput
from schema.accounts.cookies import delete_refresh_cookie, refresh_cookie, set_refresh_cookie
from schema.accounts.inputs import (
    DeleteAccountInput,
    GrantConsentInput,
    LogInInput,
    LogOutInput,
    RefreshSessionInput,
    SignUpInput,
    UpdateProfileInput,
    WithdrawConsentInput,
)
from schema.accounts.results import (
    DeleteAccountPayload,
    DeleteAccountResult,
    GrantConsentPayload,
    GrantConsentResult,
    LogInPayload,
    LogInResult,
    LogOutPayload,
    LogOutResult,
    RefreshSessionPayload,
    RefreshSessionResult,
    SignUpPayload,
    SignUpResult,
    UpdateProfilePayload,
    UpdateProfileResult,
    WithdrawConsentPayload,
    WithdrawConsentResult,
)
from schema.accounts.types import Consent, Session, SessionTokens, User
from schema.context import Context, Info
from schema.relay import given, global_id

T = TypeVar("T", SignUpPayload, LogInPayload, RefreshSessionPayload)


@strawberry.type
class AccountMutations:
    @strawberry.mutation
    async def sign_up(self, info: Info, input: SignUpInput) -> SignUpResult:
        context = info.context
        _check_jar(context, wanted=input.refresh_in_cookie)
        signed_in = await accounts.sign_up(
            context.resources,
            email=input.email,
            password=input.password,
            nickname=input.nickname,
            birth_year=input.birth_year,
            user_agent=context.user_agent,
            address=context.address,
            locale=context.locale,
        )
        return _payload(SignUpPayload, context, signed_in, in_cookie=input.refresh_in_cookie)

    @strawberry.mutation
    async def log_in(self, info: Info, input: LogInInput) -> LogInResult:
        context = info.context
        _check_jar(context, wanted=input.refresh_in_cookie)
        signed_in = await accounts.log_in(
            context.resources,
            email=input.email,
            password=input.password,
            user_agent=context.user_agent,
            address=context.address,
        )
        return _payload(LogInPayload, context, signed_in, in_cookie=input.refresh_in_cookie)

    @strawberry.mutation
    async def refresh_session(self, info: Info, input: RefreshSessionInput) -> RefreshSessionResult:
        context = info.context
        sent = given(input.refresh_token)
        token = refresh_cookie(context) if sent is None else sent
        if token is None:
            raise InvalidCredentials("no refresh token was sent")
        signed_in = await accounts.refresh_session(
            context.resources, refresh_token=token, address=context.address
        )
        return _payload(RefreshSessionPayload, context, signed_in, in_cookie=sent is None)

    @strawberry.mutation
    async def log_out(self, info: Info, input: LogOutInput) -> LogOutResult:
        principal = info.context.signed_in
        await accounts.log_out(
            info.context.resources,
            user_id=principal.user_id,
            session_id=principal.session_id,
            everywhere=input.everywhere,
        )
        delete_refresh_cookie(info.context)
        return LogOutPayload(logged_out=True)

    @strawberry.mutation
    async def update_profile(self, info: Info, input: UpdateProfileInput) -> UpdateProfileResult:
        principal = info.context.signed_in
        user = await accounts.update_profile(
            info.context.resources,
            user_id=principal.user_id,
            nickname=_named(input.nickname),
            gender=_named(input.gender),
        )
        return UpdateProfilePayload(viewer=User.from_model(user, session_id=principal.session_id))

    @strawberry.mutation
    async def delete_account(self, info: Info, input: DeleteAccountInput) -> DeleteAccountResult:
        context, principal = info.context, info.context.signed_in
        await accounts.delete_account(
            context.resources,
            user_id=principal.user_id,
            password=input.password,
            keep_posts=input.keep_posts,
            address=context.address,
        )
        context.principal = None  # the document may go on: nobody is signed in any more
        delete_refresh_cookie(context)
        return DeleteAccountPayload(deleted_id=global_id("User", principal.user_id))

    @strawberry.mutation
    async def grant_consent(self, info: Info, input: GrantConsentInput) -> GrantConsentResult:
        principal = info.context.signed_in
        consent = await accounts.grant_consent(
            info.context.resources,
            user_id=principal.user_id,
            kind=input.kind,
            document_version=input.document_version,
        )
        viewer = await _viewer(info.context, principal)
        return GrantConsentPayload(consent=Consent.from_model(consent), viewer=viewer)

    @strawberry.mutation
    async def withdraw_consent(
        self, info: Info, input: WithdrawConsentInput
    ) -> WithdrawConsentResult:
        principal = info.context.signed_in
        consent = await _withdraw(info.context, principal, input.kind)
        viewer = await _viewer(info.context, principal)
        return WithdrawConsentPayload(consent=Consent.from_model(consent), viewer=viewer)


async def _withdraw(context: Context, principal: Principal, kind: ConsentKind) -> models.Consent:
    """Photos and analyses go with the consent to keep them."""
    if kind is ConsentKind.SENSITIVE_DATA:
        return await withdraw_sensitive_data(context.resources, user_id=principal.user_id)
    return await accounts.withdraw_consent(context.resources, user_id=principal.user_id, kind=kind)


async def _viewer(context: Context, principal: Principal) -> User:
    user = await accounts.get_user(context.resources, user_id=principal.user_id)
    return User.from_model(user, session_id=principal.session_id)


def _payload(kind: type[T], context: Context, signed_in: SignedIn, *, in_cookie: bool) -> T:
    if in_cookie:
        set_refresh_cookie(context, signed_in)
    session_id = signed_in.session.id
    return kind(
        session=Session.from_model(signed_in.session, current_id=session_id),
        tokens=SessionTokens.from_signed_in(signed_in, in_cookie=in_cookie),
        viewer=User.from_model(signed_in.user, session_id=session_id),
    )


def _check_jar(context: Context, *, wanted: bool) -> None:
    """A socket's answer cannot carry a cookie: say so before anything is made."""
    if wanted and context.jar is None:
        raise InvalidInput.at("refreshInCookie")


def _named(value: Any) -> Any:
    return UNCHANGED if value is strawberry.UNSET else value
