"""What services of several subjects check alike."""

from collections.abc import Callable

from django.core.exceptions import ValidationError

from lobby.codes import ApiCode, Refused
from lobby.names import name_check, name_tidy


def name_checked(field: str, name: str, chars_max: int) -> str:
    """``name`` as it is kept, if people may be shown it.

    Raises:
        Refused: ``invalid``, with ``field`` among the fields.
    """
    tidy = name_tidy(name)
    if problems := problems_of(field, lambda: name_check(tidy)):
        raise Refused(ApiCode.INVALID, problems)
    if len(tidy) > chars_max:
        raise Refused(ApiCode.INVALID, {field: [f"At most {chars_max} characters."]})
    return tidy


def problems_of(field: str, check: Callable[[], None]) -> dict[str, list[str]]:
    """What ``check`` finds wrong, under the name of the field."""
    try:
        check()
    except ValidationError as error:
        return {field: list(error.messages)}
    return {}
