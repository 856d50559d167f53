"""Lists come in pages, of a size that the client may choose within a limit."""

from typing import Any

from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request

from lobby.codes import ApiCode, Refused
from lobby.limits import PAGE_SIZE_MAX


class Pages(PageNumberPagination):
    """``?page=2&page_size=50``; a page that does not exist is not found."""

    page_size_query_param = "page_size"
    max_page_size = PAGE_SIZE_MAX
    last_page_strings = ()

    def get_page_size(self, request: Request) -> int | None:
        """How many are asked for, and no more than there may be.

        Raises:
            Refused: ``invalid``, where it is no number from 1 on.
        """
        asked = request.query_params.get("page_size")
        if asked and not (asked.isascii() and asked.isdigit() and asked.strip("0")):
            raise Refused(ApiCode.INVALID, {"page_size": ["Not a number from 1 on."]})
        return super().get_page_size(request)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in found:
            parameter["schema"]["minimum"] = 1
        return found
