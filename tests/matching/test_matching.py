"""Who plays with whom: what holds for any who wait, and the examples that it came from."""

import random
from collections.abc import Iterator, Sequence
from itertools import combinations, count
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lobby.matching import (
    Fill,
    Made,
    Room,
    Rules,
    Ticket,
    Want,
    Widening,
    accepts,
    arranged,
    matches,
)
from lobby.matching.groups import WALK_MAX
from lobby.matching.pool import LOOKS_MAX
from lobby.matching.teams import packable, strength

NOW = 1000.0
WIDENING = Widening(start=100, per_s=10, limit=400)
DUEL = Rules(least=2, most=2, widening=WIDENING)

_ids = count(1)


def ticket(rating: float = 1500, waited: float = 0, people: int = 1, **more: Any) -> Ticket:
    """Of people whom nobody else has."""
    own = next(_ids)
    return Ticket(
        id=own,
        since=NOW - waited,
        people=tuple(own * 100 + number for number in range(people)),
        rating=rating,
        **more,
    )


def made(tickets: Sequence[Ticket], rules: Rules = DUEL, **more: Any) -> list[set[int]]:
    """The tickets of each new match."""
    found = matches(tickets, rules, now=NOW, **more)
    return [{one.id for one in match.tickets} for match in found if isinstance(match, Made)]


def each(*groups: Sequence[Ticket]) -> list[set[int]]:
    return [{one.id for one in group} for group in groups]


# --- any who wait -------------------------------------------------------------------------------

WANTS = st.one_of(
    st.builds(
        lambda least, width: Want("rating", least, least + width),
        st.integers(1000, 1900),
        st.integers(0, 800),
    ),
    st.builds(lambda among: Want("region", among=frozenset(among)), st.sets(st.sampled_from("ab"))),
    st.builds(lambda least: Want("level", least, least + 3), st.integers(0, 4)),
)
PROPERTIES = st.fixed_dictionaries(
    {}, optional={"region": st.sampled_from("ab"), "level": st.integers(0, 6)}
)
COUNTS = st.one_of(
    st.just((1, 1 << 30)), st.tuples(st.integers(1, 4), st.integers(4, 9)), st.just((2, 2))
)
RULES = st.one_of(
    st.just(DUEL),
    st.builds(
        lambda least, more, **others: Rules(
            least=least, most=least + more, widening=WIDENING, **others
        ),
        st.integers(1, 4),
        st.integers(0, 4),
        fill_s=st.sampled_from([0.0, 10.0, 30.0]),
        bots_after_s=st.sampled_from([None, 5.0, 20.0]),
        bots_to=st.integers(0, 9),
    ),
    st.builds(
        lambda teams, size, **others: Rules(
            least=teams * size, most=teams * size, teams=teams, widening=WIDENING, **others
        ),
        st.integers(2, 3),
        st.integers(1, 3),
        fill_s=st.just(10.0),
        bots_after_s=st.sampled_from([None, 20.0]),
    ),
    st.just(Rules(least=4, most=8, teams=2, widening=WIDENING, fill_s=10, bots_after_s=20)),
)


@st.composite
def waiting(draw: st.DrawFn) -> list[Ticket]:
    """Some tickets; nobody has two."""
    some = st.tuples(
        st.integers(1000, 2000),
        st.sampled_from([0, 1, 4, 11, 25, 60]),
        st.sampled_from([1, 1, 1, 2, 3]),
        PROPERTIES,
        st.lists(WANTS, max_size=2),
        COUNTS,
        st.booleans(),
    )
    found = []
    for number, drawn in enumerate(draw(st.lists(some, max_size=24))):
        rating, waited, people, properties, wants, counts, bots = drawn
        found.append(
            Ticket(
                id=number,
                since=NOW - waited,
                people=tuple(10 * number + index for index in range(people)),
                rating=rating,
                properties=properties,
                wants=tuple(wants),
                counts=counts,
                bots=bots,
            )
        )
    return found


@st.composite
def enmities(draw: st.DrawFn) -> dict[int, set[int]]:
    person = st.integers(0, 23).map(lambda number: 10 * number)
    blocked: dict[int, set[int]] = {}
    for one, other in draw(st.lists(st.tuples(person, person), max_size=12)):
        if one != other:
            blocked.setdefault(one, set()).add(other)
            blocked.setdefault(other, set()).add(one)
    return blocked


ROOMS = st.lists(
    st.builds(
        lambda people, bots, free, rating: (people, bots, free, rating),
        st.sets(st.integers(0, 23).map(lambda number: 10 * number + 5), min_size=1, max_size=3),
        st.integers(0, 2),
        st.integers(0, 4),
        st.integers(1000, 2000),
    ),
    max_size=4,
)


def reach(one: Ticket) -> float:
    return WIDENING.reach(NOW - one.since)


def fit(one: Ticket, other: Ticket, blocked: dict[int, set[int]]) -> bool:
    """Whether these two may meet at all."""
    return (
        abs(one.rating - other.rating) <= min(reach(one), reach(other))
        and accepts(one, other)
        and accepts(other, one)
        and not any(set(other.people) & blocked.get(person, set()) for person in one.people)
    )


@given(waiting(), RULES, enmities(), st.integers(0, 3), st.integers(0, 24))
def test_every_match_is_one_that_all_in_it_want(
    tickets: list[Ticket], rules: Rules, blocked: dict[int, set[int]], turn: int, first: int
) -> None:
    seen: set[int] = set()
    for match in matches(tickets, rules, now=NOW, blocked=blocked, turn=turn, first=first):
        assert match is None or isinstance(match, Made)
        if match is None:
            continue
        ids = [one.id for one in match.tickets]
        assert len(ids) == len(set(ids))
        assert not seen & set(ids), "nobody is in two matches"
        seen |= set(ids)
        for one, other in combinations(match.tickets, 2):
            assert fit(one, other, blocked)
        check_teams(match, rules)
        check_bots(match, rules)


def check_teams(match: Made, rules: Rules) -> None:
    """Parties are in one team, teams are of one size, and there are as many as all want."""
    parted = [one.id for team in match.teams for one in team]
    assert sorted(parted) == sorted(one.id for one in match.tickets)
    assert len(match.teams) == len(match.bots) == rules.teams
    sizes = {
        sum(len(one.people) for one in team) + bots
        for team, bots in zip(match.teams, match.bots, strict=True)
    }
    assert len(sizes) == 1
    players = sizes.pop() * rules.teams
    assert rules.least <= players <= rules.most
    for one in match.tickets:
        assert one.counts[0] <= players <= one.counts[1]


def check_bots(match: Made, rules: Rules) -> None:
    """They come after the wait, where all take them."""
    waited = max(NOW - one.since for one in match.tickets)
    if any(match.bots):
        assert rules.bots_after_s is not None
        assert waited >= rules.bots_after_s
        assert all(one.bots for one in match.tickets)
    people = sum(len(one.people) for one in match.tickets)
    if not any(match.bots) and people < rules.most and waited < rules.fill_s:
        room = min(one.counts[1] for one in match.tickets)
        full = people == min(rules.most, room) // rules.teams * rules.teams
        bots = rules.bots_after_s is not None and waited >= rules.bots_after_s
        assert full or bots, "fewer do only after the wait"


@given(waiting(), enmities())
def test_no_two_wait_on_who_could_play_together(
    tickets: list[Ticket], blocked: dict[int, set[int]]
) -> None:
    alone = [one for one in tickets if len(one.people) == 1 and one.counts[0] <= 2]
    matched = set().union(*made(alone, blocked=blocked))
    left = [one for one in alone if one.id not in matched]
    assert not [pair for pair in combinations(left, 2) if fit(*pair, blocked)]


@given(
    st.lists(st.integers(1000, 2000), max_size=60), st.integers(2, 6), st.sampled_from([0, 5, 60])
)
def test_no_full_match_is_left_waiting_among_those_who_came_together(
    ratings: list[int], most: int, waited: float
) -> None:
    tickets = [ticket(rating, waited) for rating in ratings]
    rules = Rules(least=most, most=most, widening=WIDENING)
    matched = set().union(*made(tickets, rules))
    left = sorted(one.rating for one in tickets if one.id not in matched)
    for index in range(len(left) - most + 1):
        assert left[index + most - 1] - left[index] > WIDENING.reach(waited)


@given(waiting(), RULES, enmities(), st.randoms(use_true_random=False))
def test_the_same_who_wait_are_matched_the_same_in_whatever_order_they_stand(
    tickets: list[Ticket], rules: Rules, blocked: dict[int, set[int]], chance: random.Random
) -> None:
    shuffled = list(tickets)
    chance.shuffle(shuffled)
    before = list(matches(tickets, rules, now=NOW, blocked=blocked))
    assert list(matches(shuffled, rules, now=NOW, blocked=blocked)) == before


@given(waiting(), ROOMS, enmities())
def test_who_drops_in_fits_into_the_match_that_runs(
    tickets: list[Ticket], drawn: list[Any], blocked: dict[int, set[int]]
) -> None:
    rules = Rules(least=1, most=8, widening=WIDENING, fill_s=10)
    rooms = {
        str(number): Room(
            id=str(number),
            people=frozenset(people),
            players=len(people) + bots,
            free=free,
            rating=rating,
        )
        for number, (people, bots, free, rating) in enumerate(drawn)
    }
    came: dict[str, list[Ticket]] = {name: [] for name in rooms}
    seen: set[int] = set()
    for match in matches(tickets, rules, now=NOW, rooms=list(rooms.values()), blocked=blocked):
        if isinstance(match, Fill):
            came[match.room].append(match.ticket)
        new = [match.ticket] if isinstance(match, Fill) else match.tickets if match else ()
        assert not seen & {one.id for one in new}
        seen |= {one.id for one in new}
    for name, there in came.items():
        room, people = rooms[name], set(rooms[name].people)
        assert sum(len(one.people) for one in there) <= room.free
        for one in there:
            assert not any(people & blocked.get(person, set()) for person in one.people)
            assert one.bots or room.players == len(room.people)
            people |= set(one.people)


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3000)), min_size=1, max_size=9),
    st.integers(2, 4),
)
def test_no_exchange_makes_teams_more_even(parties: list[tuple[int, int]], teams: int) -> None:
    tickets = [ticket(rating, people=people) for people, rating in parties]
    size = max(3, -(-sum(people for people, _ in parties) // teams))
    sizes = tuple(sorted((people for people, _ in parties), reverse=True))
    parted = arranged(tickets, teams, size, full=False)
    assert (parted is not None) == packable(sizes, teams, size)
    for one, other in combinations(parted or [], 2):
        gap = abs(strength(one) - strength(other))
        for mine in one:
            for theirs in other:
                if len(mine.people) == len(theirs.people):
                    moved = (mine.rating - theirs.rating) * len(mine.people)
                    assert abs(strength(one) - strength(other) - 2 * moved) >= gap - 1e-6


# --- examples -----------------------------------------------------------------------------------


def test_the_oldest_gets_the_nearest() -> None:
    old, near, far = ticket(1500, waited=9), ticket(1510), ticket(1550, waited=5)
    assert made([far, near, old]) == each((old, near))


def test_of_equals_the_older_play_first() -> None:
    first, second, third = (ticket(waited=waited) for waited in (3, 2, 1))
    assert made([third, second, first]) == each((first, second))


def test_ranges_widen_and_the_narrower_decides() -> None:
    one, other, fresh = ticket(1500, 20), ticket(1800, 20), ticket(1800)
    assert made([one, ticket(1801, 20)]) == []
    assert made([one, fresh]) == []
    assert made([one, other]) == each((one, other))
    assert made([ticket(1000, 10**6), ticket(1401, 10**6)]) == [], "within a limit"


def test_what_is_wanted_must_hold_both_ways() -> None:
    eu = {"region": "eu"}
    picky = ticket(properties=eu, wants=(Want("region", among=frozenset({"eu"})),))
    easy, nobody = ticket(properties=eu), ticket()
    assert made([picky, nobody]) == []
    assert made([picky, nobody, easy]) == each((picky, easy))
    strong = ticket(1500, wants=(Want("rating", least=1490),))
    assert made([strong, ticket(1480)]) == []


def test_a_party_stays_together_and_fills_a_match_of_its_size() -> None:
    pair = ticket(people=2)
    assert made([pair, ticket()]) == each((pair,))


def test_parties_play_in_one_team() -> None:
    rules = Rules(least=6, most=6, teams=2, widening=WIDENING)
    three, twos = ticket(people=3), [ticket(people=2) for _ in range(2)]
    single = ticket(waited=-1)
    (match,) = filter(None, matches([three, *twos, single], rules, now=NOW))
    assert isinstance(match, Made)
    assert sorted(sum(len(one.people) for one in team) for team in match.teams) == [3, 3]


def test_teams_are_even() -> None:
    rules = Rules(least=4, most=4, teams=2, widening=WIDENING)
    (match,) = matches([ticket(r) for r in (1500, 1520, 1540, 1560)], rules, now=NOW)
    assert isinstance(match, Made)
    assert [strength(team) for team in match.teams] == [3060, 3060]


def test_fewer_do_after_a_while_and_bots_where_they_may() -> None:
    rules = Rules(least=2, most=6, widening=WIDENING, fill_s=10, bots_after_s=20, bots_to=4)
    assert made([ticket(waited=9) for _ in range(3)], rules) == []
    three = [ticket(waited=10) for _ in range(3)]
    assert made(three, rules) == each(three)
    assert made([ticket(waited=30, bots=False)], rules) == []
    (match,) = matches([ticket(waited=20)], rules, now=NOW)
    assert isinstance(match, Made)
    assert match.bots == (3,)


def test_who_wants_more_players_than_came_does_not_keep_the_others_from_playing() -> None:
    rules = Rules(least=2, most=6, widening=WIDENING, fill_s=10)
    content = [ticket(waited=12), ticket(waited=11)]
    assert made([*content, ticket(waited=11, counts=(6, 6))], rules) == each(content)


def test_a_running_match_is_filled_up_first() -> None:
    rules = Rules(least=1, most=4, widening=WIDENING, fill_s=5)
    room = Room(id="r", people=frozenset({1}), players=3, free=1, rating=1450)
    drops, waits = ticket(waited=2), ticket(waited=1)
    found = list(matches([waits, drops], rules, now=NOW, rooms=[room]))
    assert found == [Fill(drops, "r"), None], "and the other has to wait"


def test_one_who_fits_few_looks_at_another_part_each_turn() -> None:
    """More than one pass looks at are nearer, and none of them will do."""
    wanted = Want("key", least=1, most=1)
    seeker = ticket(1500, waited=60, wants=(wanted,))
    crowd = [ticket(1545, waited=30, wants=(Want("key", least=2, most=2),)) for _ in range(700)]
    match = ticket(1590, waited=10, properties={"key": 1})
    assert len(crowd) > WALK_MAX + LOOKS_MAX
    found = [made([seeker, *crowd, match], turn=turn) for turn in range(2)]
    assert found == [[], each((seeker, match))]


def test_who_stops_listening_can_go_on_behind_those_who_had_their_turn() -> None:
    tickets = [ticket(waited=100 - index) for index in range(8)]
    listened: Iterator[Any] = matches(tickets, DUEL, now=NOW)
    next(listened)
    left = tickets[2:]
    assert made(left, first=2) == each(left[2:4], left[4:6], left[:2])
