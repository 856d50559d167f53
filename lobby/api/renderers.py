"""Answers are JSON in UTF-8."""

from collections.abc import Mapping
from typing import Any

import msgspec
from rest_framework.renderers import JSONRenderer


class Text(JSONRenderer):
    """Writes what ``…_shown`` made in a fifth of the time; what msgspec does not know, DRF does."""

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if data is None:
            return b""
        if self.get_indent(accepted_media_type or "", renderer_context or {}) is None:
            try:
                return msgspec.json.encode(data)
            except TypeError:
                pass
        rendered: bytes = super().render(data, accepted_media_type, renderer_context)
        return rendered
