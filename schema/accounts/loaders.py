"""People of many records in one read, however many a list shows."""

from strawberry.dataloader import DataLoader

from dupi.accounts import service as accounts
from dupi.accounts.models import User
from dupi.resources import Resources


def people_loader(resources: Resources) -> DataLoader[str, User | None]:
    """By id; ``None`` for who has left. Nothing is kept: a socket's context lives for hours."""

    async def load(user_ids: list[str]) -> list[User | None]:
        users = await accounts.get_users(resources, user_ids=sorted(set(user_ids)))
        found = {user.id: user for user in users}
        return [found.get(user_id) for user_id in user_ids]

    return DataLoader(load_fn=load, cache=False)
