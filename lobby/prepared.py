"""Rows that are asked for by one value, all the time, in a query that is put into SQL once.

Django puts a query into SQL each time it is asked, which costs more than the database takes to find
a row by its key. Here that is done at the first time; what comes of a row is Django's own work.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

M = TypeVar("M", bound=Model)


class Prepared(Generic[M]):
    """The row of a queryset where ``field``, which is unique, has some value."""

    def __init__(self, rows: Callable[[], QuerySet[M]], field: str) -> None:
        """Args:
        rows: The queryset; without parameters of its own, and called once.
        """
        self._rows, self._field = rows, field

    @cached_property
    def _query(self) -> tuple[str, Any, Callable[[Any], M], Any]:
        rows = self._rows().filter(**{self._field: ""}).order_by()
        compiler = rows.query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        assert len(parameters) == 1, "one value, and no other"
        assert compiler.klass_info is not None
        assert compiler.select is not None
        fields = compiler.klass_info["select_fields"]
        first, end = fields[0], fields[-1] + 1
        names = [column.target.attname for column, *_ in compiler.select[first:end]]
        related = get_related_populators(  # type: ignore[call-arg]
            compiler.klass_info, compiler.select, connection.alias
        )

        def made(row: Any) -> M:
            found = rows.model.from_db(connection.alias, names, row[first:end])
            for each in related:
                each.populate(row, found)
            return found

        converters = compiler.get_converters([column for column, *_ in compiler.select])
        return sql, converters, made, compiler

    def get(self, value: str) -> M | None:
        """That row."""
        sql, converters, made, compiler = self._query
        with connection.cursor() as cursor:
            cursor.execute(sql, [value])
            row = cursor.fetchone()
        if row is None:
            return None
        if converters:  # not everything that SQLite keeps is what it was
            row = next(iter(compiler.apply_converters([row], converters)))
        return made(row)
