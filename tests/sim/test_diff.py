"""Changes between views: patching the baseline gives the view, to the type."""

import random
from copy import deepcopy
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from games.sim import View, diff, patch
from tests.values import encoded, plain, views

pairs = st.one_of(
    st.tuples(views(), views()),
    st.tuples(*[st.dictionaries(st.sampled_from("abc"), plain(2), max_size=3)] * 2),
)


@settings(max_examples=150, deadline=None)
@given(pairs)
@example(({"a": True}, {"a": 1}))
@example(({"a": 1}, {"a": 1.0}))
@example(({"a": [0, [1]]}, {"a": [0, [True]]}))
@example(({"a": [1, 2]}, {"a": [1.0, 2.0, 3]}))
@example(({"a": []}, {"a": {}}))
@example(({"a": [{}]}, {"a": [[]]}))
@example(({"a": None}, {}))
def test_patching_the_baseline_gives_the_view_types_included(pair: tuple[View, View]) -> None:
    baseline, view = pair
    assert encoded(patch(baseline, diff(baseline, view))) == encoded(view)


def test_views_that_differ_in_little_are_patched_to_the_type() -> None:
    """As those of one match do, from tick to tick: much stays, something moves, comes or goes."""
    chance = random.Random(20)
    for _ in range(100):
        view: View = {"a": {}, "b": []}
        for _ in range(20):
            baseline, view = view, deepcopy(view)
            _stir(view, chance)
            assert encoded(patch(baseline, diff(baseline, view))) == encoded(view)


NEW: list[Any] = [None, False, True, 0, 1, 0.0, 1.0, "", "1", [], {}, [1], {"0": 1}]


def _stir(view: Any, chance: random.Random) -> None:
    """Change one thing somewhere in the view."""
    inner = [*(view.values() if isinstance(view, dict) else view)]
    deeper = [value for value in inner if isinstance(value, dict | list)]
    if deeper and chance.random() < 0.7:
        return _stir(chance.choice(deeper), chance)
    new = deepcopy(chance.choice(NEW))
    if isinstance(view, dict):
        view[chance.choice("abc012")] = new
    elif view and chance.random() < 0.5:
        view[chance.randrange(len(view))] = new
    else:
        view.append(new)
    if inner and chance.random() < 0.2:
        view.pop(chance.choice(list(view))) if isinstance(view, dict) else view.pop()


@settings(max_examples=60, deadline=None)
@given(pairs)
def test_neither_view_is_modified(pair: tuple[View, View]) -> None:
    before = deepcopy(pair)
    patch(pair[0], diff(*pair))
    assert encoded(pair) == encoded(before)


@settings(max_examples=60, deadline=None)
@given(pairs)
def test_a_change_is_empty_if_and_only_if_nothing_changed(pair: tuple[View, View]) -> None:
    baseline, view = pair
    assert diff(view, deepcopy(view)) == {}
    assert bool(diff(baseline, view)) == (encoded(baseline) != encoded(view))


@settings(max_examples=60, deadline=None)
@given(pairs)
def test_a_change_means_the_same_after_either_encoding(pair: tuple[View, View]) -> None:
    baseline, view = pair
    for encoding in (msgspec.json, msgspec.msgpack):
        told = encoding.decode(encoding.encode(diff(baseline, view)))
        known = encoding.decode(encoding.encode(baseline))
        assert encoded(patch(known, told)) == encoded(view)


@settings(max_examples=40, deadline=None)
@given(st.lists(views(), min_size=2, max_size=6))
def test_changes_one_after_another_lead_to_the_last_view(looks: list[View]) -> None:
    held = looks[0]
    changes = [diff(old, new) for old, new in pairwise(looks)]
    for change in changes:
        held = patch(held, change)
    assert encoded(held) == encoded(looks[-1])


@pytest.mark.parametrize(
    ("baseline", "view", "change"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, {"set": {"b": 2}}),
        ({"a": 1, "b": 2}, {"a": 1}, {"gone": ["b"]}),
        ({"a": {"x": 1, "y": 2}}, {"a": {"x": 3, "y": 2}}, {"in": {"a": {"set": {"x": 3}}}}),
        ({"log": [1, 2]}, {"log": [1, 2, 3, 4]}, {"in": {"log": {"push": [3, 4]}}}),
        ({"row": [1, 2, 3]}, {"row": [1, 9, 3]}, {"in": {"row": {"set": {"1": 9}}}}),
        (
            {"row": [1, {"x": 1}]},
            {"row": [1, {"x": 2}, 5]},
            {"in": {"row": {"in": {"1": {"set": {"x": 2}}}, "push": [5]}}},
        ),
        ({"row": [1, 2, 3]}, {"row": [1, 2]}, {"set": {"row": [1, 2]}}),
        ({"row": [1, 2]}, {"row": []}, {"set": {"row": []}}),
        ({"row": []}, {"row": [1]}, {"set": {"row": [1]}}),
        ({"row": [1, 2]}, {"row": [3, 4]}, {"set": {"row": [3, 4]}}),
        ({"row": [1, 2]}, {"row": [1, 9]}, {"set": {"row": [1, 9]}}),
        ({"a": {"x": 1}}, {"a": {}}, {"in": {"a": {"gone": ["x"]}}}),
        ({"a": {}}, {"a": []}, {"set": {"a": []}}),
        ({"a": None}, {}, {"gone": ["a"]}),
        ({"a": 1}, {"a": None}, {"set": {"a": None}}),
        ({"set": 1}, {"set": 2}, {"set": {"set": 2}}),
    ],
)
def test_a_change_says_what_it_must_and_no_more(baseline: View, view: View, change: Any) -> None:
    assert diff(baseline, view) == change
    assert patch(baseline, change) == view


def test_what_did_not_change_is_the_same_object_in_the_patched_view() -> None:
    """Clients compare by identity what they draw anew."""
    baseline: View = {"still": {"x": [1]}, "moving": {"x": 1, "y": [2]}}
    patched = patch(baseline, {"in": {"moving": {"set": {"x": 2}}}})
    assert patched["still"] is baseline["still"]
    assert patched["moving"] is not baseline["moving"]
    assert patched["moving"]["y"] is baseline["moving"]["y"]
