"""What every stored document has in common."""

from beanie import Document
from pydantic import Field

from dupi.ids import new_id


class StoredDocument(Document):
    """A document whose id is text, ordered by time: embedded stores err on ObjectIds."""

    id: str = Field(default_factory=new_id)  # type: ignore[assignment]
