"""What a request's body may be: bounded, well-formed JSON, or a multipart upload of a few files.

Anything else is refused with 400 (413 where it is too large) before a resolver runs.
"""

import json
import re
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final, NoReturn

from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import Message, Receive

from api.responses import Refused
from schema.uploads import UploadedFile

MAX_FILES: Final = 4
_FIELDS: Final = ("operations", "map")
_MULTIPART_SLACK: Final = 256 * 1024
_MAX_STEPS: Final = 8
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


def is_multipart(headers: Headers) -> bool:
    return headers.get("content-type", "").lower().startswith("multipart/")


def body_limit(headers: Headers, *, plain: int, file: int) -> int:
    """Bytes that this request may send: a multipart one may carry one file."""
    return file + _MULTIPART_SLACK if is_multipart(headers) else plain


def bounded(receive: Receive, headers: Headers, limit: int) -> Receive:
    """``receive`` that refuses a body of more than ``limit`` bytes, announced or not."""
    announced = headers.get("content-length", "0")
    if not announced.isascii() or not announced.isdigit() or int(announced[:19]) > limit:
        raise _too_large(limit)
    taken = 0

    async def receive_bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise _too_large(limit)
        return message

    return receive_bounded


def _too_large(limit: int) -> Refused:
    return Refused(413, f"The request is too large: at most {limit} bytes.", limit="body")


def decode_json(data: str | bytes) -> object:
    """JSON as the standard has it. Raises ValueError: also for too deep, NaN, lone surrogates."""
    try:
        text = data.decode() if isinstance(data, bytes) else data
        value: object = json.loads(text, parse_constant=_refuse_constant)
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def parse_json(data: str | bytes) -> object:
    try:
        return decode_json(data)
    except ValueError:
        raise Refused(400, "The body is no JSON.") from None


class Form(MultiPartParser):
    """The parts of one multipart body: few, and small but for files, which lie on disk."""

    def __init__(self, headers: Headers, body: AsyncGenerator[bytes, None]) -> None:
        super().__init__(
            headers,
            body,
            max_files=MAX_FILES,
            max_fields=len(_FIELDS),
            max_part_size=_MULTIPART_SLACK,
        )

    async def read(self) -> FormData:
        """All of it. Raises Refused."""
        try:
            return await self.parse()
        except MultiPartException as malformed:
            raise Refused(400, malformed.message) from None

    def close(self) -> None:
        """Remove every temporary file, also of a part that never ended."""
        for file in self._files_to_close_on_error:
            file.close()


def read_multipart(form: FormData) -> dict[str, Any]:
    """``operations`` with the files of ``map`` in their places."""
    fields = {name: _only(form, name) for name in _FIELDS}
    operations, places = parse_json(fields["operations"]), parse_json(fields["map"])
    if not isinstance(operations, dict):
        raise Refused(400, "`operations` must be an object: batching is off.")
    if not isinstance(places, dict) or len(places) > MAX_FILES:
        raise Refused(400, f"`map` must be an object of at most {MAX_FILES} files.")
    files = {name: part for name, part in form.multi_items() if name not in _FIELDS}
    if len(form.multi_items()) != len(files) + len(_FIELDS) or set(files) != set(places):
        raise Refused(400, "`map` and the files do not match.")
    for name, paths in places.items():
        _place(operations, paths, files[name])
    return operations


def _only(form: FormData, name: str) -> str:
    values = form.getlist(name)
    if len(values) != 1 or not isinstance(values[0], str):
        raise Refused(400, f"The form needs one field `{name}`.")
    return values[0]


def _place(operations: dict[str, Any], paths: object, part: str | UploadFile) -> None:
    """Put a file where a variable is null, once."""
    is_one_path = isinstance(paths, list) and len(paths) == 1 and isinstance(paths[0], str)
    if not is_one_path or not isinstance(part, UploadFile):
        raise Refused(400, "Each entry of `map` must name one place for one file.")
    path: str = paths[0]  # type: ignore[index]
    *steps, last = path.split(".")
    if not steps or steps[0] != "variables" or len(steps) > _MAX_STEPS:
        raise Refused(400, "A file's place must be within `variables`.")
    target: object = operations
    for step in steps:
        target = _child(target, step)
    if _child(target, last) is not None:
        raise Refused(400, "A file's place must hold null.")
    target[_key(target, last)] = UploadedFile(read=part.read)  # type: ignore[index]


def _child(target: object, step: str) -> object:
    key = _key(target, step)
    return target[key]  # type: ignore[index]


def _key(target: object, step: str) -> str | int:
    """The key for ``step`` in a dict or list. Raises Refused where there is none."""
    if isinstance(target, dict) and step in target:
        return step
    is_index = isinstance(target, list) and step.isascii() and step.isdigit() and len(step) < 4
    if is_index and int(step) < len(_sequence(target)):
        return int(step)
    raise Refused(400, "A file's place is not in the operation.")


def _sequence(target: object) -> Sequence[object]:
    return target if isinstance(target, list) else ()
