"""The contract's scalars: times in RFC 3339 and UTC, and uploaded files."""

from datetime import UTC, datetime
from typing import Final

import strawberry
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.types.scalar import ScalarDefinition

from schema.uploads import UploadedFile


def serialize_datetime(moment: datetime) -> str:
    """``2026-11-24T08:30:00.000Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_datetime(value: object) -> datetime:
    """A time with a zone, as UTC."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise StrawberryInputCoercionError("DateTime is a time with a zone, in RFC 3339.")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise StrawberryInputCoercionError("DateTime is out of range.") from None


def parse_upload(value: object) -> UploadedFile:
    if not isinstance(value, UploadedFile):
        raise StrawberryInputCoercionError("Upload is a file part of a multipart request.")
    return value


def _refuse_upload(_: object) -> object:
    raise StrawberryInputCoercionError("Upload cannot be sent to clients.")


SCALARS: Final[dict[object, ScalarDefinition]] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment: RFC 3339, UTC, `Z`.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=serialize_datetime,
        parse_value=parse_datetime,
    ),
    UploadedFile: strawberry.scalar(
        name="Upload",
        description="A file, by the GraphQL multipart request specification.",
        serialize=_refuse_upload,
        parse_value=parse_upload,
    ),
}
