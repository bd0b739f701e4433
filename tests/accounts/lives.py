"""People with all that is kept of a person, who leave."""

from api.upkeep import sweep
from dupi.accounts import service
from dupi.accounts.models import User
from dupi.analyses.models import Analysis
from dupi.analyses.orphans import OrphanSweep
from dupi.analyses.photos import upload_photo
from dupi.analyses.service import request_analysis
from dupi.knowledge.vocabulary import ScalpSite
from dupi.resources import Resources
from tests.analyses.doubles import a_person
from tests.analyses.running import run_one
from tests.knowledge.cases import PLAIN_SURVEY
from tests.support.photos import photo_bytes

PASSWORD = "a long passphrase 1"


async def a_life(resources: Resources) -> tuple[str, list[str]]:
    """Somebody of whom everything is kept that there is to keep; the id, and words that tell."""
    user_id = await a_person(resources)
    user = await service.get_user(resources, user_id=user_id)
    await service.log_in(resources, email=user.email, password=PASSWORD, user_agent="Firefox")
    photo = await upload_photo(
        resources,
        owner_id=user_id,
        data=photo_bytes(),
        site=ScalpSite.CROWN,
        idempotency_key="key-1",
    )
    analyses = [
        await request_analysis(
            resources,
            owner_id=user_id,
            photo_ids=[photo.id],
            survey=PLAIN_SURVEY,
            idempotency_key=key,
        )
        for key in ("key-2", "key-3")
    ]
    await run_one(resources)
    ids = [user_id, photo.id, *(analysis.id for analysis in analyses)]
    return user_id, [*ids, user.email, user.nickname]


async def leave(resources: Resources, user_id: str) -> None:
    await service.delete_account(resources, user_id=user_id, password=PASSWORD)


async def time_passes() -> None:
    """No call that had begun before is at work any more."""
    await User.get_pymongo_collection().update_many(
        {"erase_due_ms": {"$gt": 0}}, {"$set": {"erase_due_ms": 1}}
    )
    await Analysis.get_pymongo_collection().update_many({}, {"$set": {"lease_expires_at_ms": 0}})


async def settle(resources: Resources) -> None:
    await sweep(resources, OrphanSweep())
    await time_passes()
    await sweep(resources, OrphanSweep())
