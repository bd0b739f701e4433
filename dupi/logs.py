"""Structured logs: one JSON object a line, with the request id of whoever is served.

``bound(request_id=…)`` names what the following lines of this task belong to; the worker binds the
id that the analysis carries, so a request can be followed through it.
"""

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from logging.handlers import WatchedFileHandler
from typing import Any, Final

import structlog

from dupi.settings import LogSettings

_SECRET_WORDS: Final = ("password", "token", "secret", "authorization", "cookie", "signature")
_HIDDEN: Final = "[hidden]"
_CHATTY: Final = ("httpx", "httpx2", "openai", "pymongo", "PIL", "python_multipart")

_SHARED: Final[tuple[structlog.types.Processor, ...]] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def set_up_logs(settings: LogSettings) -> None:
    """Send the logs of everything (ours, uvicorn's, libraries') to one place as JSON lines."""
    structlog.configure(
        processors=[
            *_SHARED,
            _hide_secrets,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers = [_handler(settings)]
    root.setLevel(settings.level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """``log.info("what_happened", key=value)``"""
    return structlog.stdlib.get_logger(name)


@contextmanager
def bound(**values: object) -> Iterator[None]:
    """Add these values to every line that this task logs inside; ``None`` is left out."""
    given = {name: value for name, value in values.items() if value is not None}
    with structlog.contextvars.bound_contextvars(**given):
        yield


def current_request_id() -> str | None:
    """The id that is bound here, if one is."""
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    return None if request_id is None else str(request_id)


def _handler(settings: LogSettings) -> logging.Handler:
    handler: logging.Handler
    if settings.file:
        settings.file.parent.mkdir(parents=True, exist_ok=True)
        handler = WatchedFileHandler(settings.file, encoding="utf-8")
    else:
        handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
            ],
        )
    )
    return handler


def _hide_secrets(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A value under a name that sounds secret is not written."""
    for name in event:
        if any(word in name.lower() for word in _SECRET_WORDS):
            event[name] = _HIDDEN
    return event
