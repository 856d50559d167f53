"""Bodies are JSON in UTF-8, of a bounded size, and nothing else."""

from collections.abc import Mapping
from typing import IO, Any

import msgspec
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from lobby.codes import ApiCode, Refused
from lobby.limits import BODY_BYTES_MAX


class Json(BaseParser):
    """Reads what a body says, without believing its ``Content-Length`` or ``charset``."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(BODY_BYTES_MAX + 1)
        if len(body) > BODY_BYTES_MAX:
            raise Refused(ApiCode.TOO_LARGE)
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ParseError from error
