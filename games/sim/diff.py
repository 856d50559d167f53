"""What changed between two views, and how to apply it.

A change is JSON-like itself, so that both encodings carry it. For a dict or a list:

    ``{"set": {key: value}, "in": {key: change}, "gone": [key], "push": [value]}``

``set`` gives new and replaced values, ``in`` changes inside a value that stays, ``gone`` removed
keys (dicts only), ``push`` what was added at the end (lists only). Absent parts are empty. Keys of
lists are their indexes in decimal. Lists that became shorter are replaced whole.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from games.sim.game import View  # which needs the kinds, and those need what is here

Change = dict[str, Any]


def diff(baseline: "View", view: "View") -> Change:
    """What must be told to someone who knows ``baseline`` so that they know ``view``.

    Args:
        baseline: The view this audience was last told; not modified.
        view: The view now, of the same title; not modified.
    Returns:
        A change as described above; empty, and so false, if nothing changed.
        ``patch(baseline, diff(baseline, view)) == view``, always, types included.
    Source:
        Delta against a known baseline, as in Quake III ``sv_snapshot.c``.
    """
    put: dict[str, Any] = {}
    inner: dict[str, Change] = {}
    for key, new in view.items():
        old = baseline.get(key, _ABSENT)
        if old is not new and (change := compare(old, new)):
            if change is REPLACED:
                put[key] = new
            else:
                inner[key] = change
    gone = [key for key in baseline if key not in view]
    return _change(put, inner, "gone", gone)


def patch(baseline: Any, change: Change) -> Any:
    """The view that ``change`` leads to from ``baseline``, which is not modified."""
    result: Any = list(baseline) if isinstance(baseline, list) else dict(baseline)
    index: Any = int if isinstance(baseline, list) else str
    for key, value in change.get("set", {}).items():
        result[index(key)] = value
    for key, inner in change.get("in", {}).items():
        result[index(key)] = patch(result[index(key)], inner)
    for key in change.get("gone", ()):
        del result[key]
    if "push" in change:
        result.extend(change["push"])
    return result


_ABSENT = object()
REPLACED: Change = {"set": {}}
"""Stands for a change that is best said by the new value itself."""


def compare(old: Any, new: Any) -> Change | None:
    """What changed inside of a value, ``REPLACED``, or nothing. The hot path of a tick."""
    kind = type(new)
    if kind is not type(old):  # True is not 1 to a browser
        return REPLACED
    if kind is dict:
        return diff(old, new)
    if kind is list and 0 < len(old) <= len(new):
        return _compare_lists(old, new)
    return None if old == new else REPLACED


def _compare_lists(old: list[Any], new: list[Any]) -> Change | None:
    put: dict[str, Any] = {}
    inner: dict[str, Change] = {}
    for index, before in enumerate(old):
        after = new[index]
        if before is not after and (change := compare(before, after)):
            if change is REPLACED:
                put[str(index)] = after
            else:
                inner[str(index)] = change
    if 2 * len(put) >= len(old):
        return REPLACED  # where half of a list changed, the list is the shorter way to say so
    return _change(put, inner, "push", new[len(old) :])


def _change(put: dict[str, Any], inner: dict[str, Change], name: str, more: list[Any]) -> Change:
    """The parts of a change that have something to say; ``more`` is called ``name``."""
    change: Change = {}
    if put:
        change["set"] = put
    if inner:
        change["in"] = inner
    if more:
        change[name] = more
    return change
