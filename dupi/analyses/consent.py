"""Withdrawing the consent to the handling of sensitive data takes the data with it."""

from typing import TYPE_CHECKING, Final

from dupi.accounts.consents import find_standing, list_owed_erasure, settle_erasure
from dupi.accounts.models import Consent, ConsentKind
from dupi.accounts.service import withdraw_consent
from dupi.analyses.deleting import forget_person

if TYPE_CHECKING:
    from dupi.resources import Resources


_KIND: Final = ConsentKind.SENSITIVE_DATA


async def withdraw_sensitive_data(resources: "Resources", *, user_id: str) -> Consent:
    """Withdraw the consent, then delete photos and analyses. Raises NotFound where none holds.

    The consent goes first, so that nothing new comes in; the data goes even where the consent was
    withdrawn before by a call that was cut off.
    """
    try:
        return await withdraw_consent(resources, user_id=user_id, kind=_KIND)
    finally:
        await _erase(resources, await list_owed_erasure(_KIND, user_id=user_id))


async def finish_withdrawals(resources: "Resources") -> int:
    """Remove what withdrawals left that were cut off; how many there were."""
    owed = await list_owed_erasure(_KIND)
    await _erase(resources, owed)
    return len(owed)


async def _erase(resources: "Resources", withdrawn: list[Consent]) -> None:
    """Everything; where the person has consented anew since, only what is older than the
    withdrawal."""
    for consent in withdrawn:
        anew = await find_standing(user_id=consent.user_id, kind=_KIND)
        until = consent.withdrawn_at if anew else None
        await forget_person(resources, owner_id=consent.user_id, until=until)
        await settle_erasure(consent)
