"""Lists come in pages, of a size that the client may choose within a limit."""

from rest_framework.pagination import PageNumberPagination

from lobby.limits import PAGE_SIZE_MAX


class Pages(PageNumberPagination):
    """``?page=2&page_size=50``; a page that does not exist is not found."""

    page_size_query_param = "page_size"
    max_page_size = PAGE_SIZE_MAX
