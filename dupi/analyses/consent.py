"""Withdrawing the consent to the handling of sensitive data takes the data with it."""

from typing import TYPE_CHECKING

from dupi.accounts.models import Consent, ConsentKind
from dupi.accounts.service import withdraw_consent
from dupi.analyses.deleting import forget_person

if TYPE_CHECKING:
    from dupi.resources import Resources


async def withdraw_sensitive_data(resources: "Resources", *, user_id: str) -> Consent:
    """Withdraw the consent, then delete photos and analyses. Raises NotFound where none holds.

    The consent goes first, so that nothing new comes in; the data goes even where the consent was
    withdrawn before by a call that was cut off.
    """
    try:
        return await withdraw_consent(resources, user_id=user_id, kind=ConsentKind.SENSITIVE_DATA)
    finally:
        await forget_person(resources, owner_id=user_id)
