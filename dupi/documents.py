"""What every stored document has in common."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Self, cast

from beanie import Document
from pydantic import BaseModel, Field

from dupi.ids import new_id


class StoredDocument(Document):
    """A document whose id is text, ordered by time: embedded stores err on ObjectIds."""

    id: str = Field(default_factory=new_id)  # type: ignore[assignment]

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """The document that a collection gave as a plain mapping; missing fields default."""
        return cast(Self, cls.model_validate(row))


def plain(value: Any) -> Any:
    """``value`` (model, dataclass, list of them) as documents hold it: dicts, lists, scalars.

    Times stay times; enums become their values.
    """
    if isinstance(value, BaseModel):
        return plain(dict(value))
    if is_dataclass(value) and not isinstance(value, type):
        return plain({field.name: getattr(value, field.name) for field in fields(value)})
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.value if isinstance(value, Enum) else value
