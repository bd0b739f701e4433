"""Triton's model configurations, read by its own message type."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from google.protobuf import json_format, text_format
from tritonclient.grpc.model_config_pb2 import ModelConfig

from dupi.errors import Unavailable


def component_config(folder: Path, versions: Iterable[int]) -> dict[str, Any]:
    """A model's committed ``config.pbtxt``, with just these versions to be served.

    Raises Unavailable where the file is missing.
    """
    path = folder / "config.pbtxt"
    try:
        config = text_format.Parse(path.read_text(encoding="utf-8"), ModelConfig())
    except OSError as missing:
        raise Unavailable(f"{path}: {missing}", reason="models") from missing
    config.version_policy.specific.versions[:] = sorted(versions)
    fields: dict[str, Any] = json_format.MessageToDict(config, preserving_proto_field_name=True)
    return fields
