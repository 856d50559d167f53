"""What results do to ratings.

Promised: ratings are a function of the records of matches, taken in the order in which they ended.
Each result counts once, whichever worker wrote it and whichever process hears of it first, or
late: one that ended before others which are in there already is put in where it belongs, and those
after it are worked out again. So what ``ratings_rebuild`` makes from the records alone is what
stands there, digit by digit.

Within a bound: at most ``RATING_AGAIN_MAX`` changes are worked out again, so a batch takes as long
whatever comes. A result with more behind it, in its category, counts as if it had ended right after
the last one of its title, in the season of that. Its record says when that is
(``Match.counts_as``), and a rebuild takes it there. So nobody's numbers of last week change because
a disk comes back that was lost for a week.

How: a rated match that has a result and is not ``counted`` is due, which its row says. Whoever
looks (``lobby.scorer`` after each result and now and then; nobody has to) takes the lock of the
title's ladder, and only then reads what is due. Changes, ratings and the mark are one transaction.

Categories of a title are rated apart, one like the other; which one a match is of, its settings say
(``games.selectors.category_of``). They share the title's ladder, as a lock and a memory of how far
it goes.

Not promised: that a number which was told stays. Two matches of one player that end within
milliseconds may be heard of in the other order; then the later one is worked out again. And a
rebuild keeps others of its title from counting for as long as it takes; it is an operator's deed.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby, islice
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction
from django.dispatch import Signal

from games.catalog import TITLES
from games.models import Match
from games.selectors import (
    category_of,
    matches_due,
    matches_in_order,
    seats_that_count,
    titles_due,
)
from games.services import match_counts_as, matches_counted
from lobby.limits import RATING_AGAIN_MAX, RATING_BATCH_MAX, RATING_CHUNK
from lobby.models.ratings import Ladder, Rating, RatingChange
from lobby.seasons import ALWAYS, season_of
from lobby.skill import Skill, after_match, after_team_match, idle, settled_until

log = logging.getLogger(__name__)

results_counted = Signal()
"""``changes``: what results that counted for the first time, and are no old ones, made of ratings;
sent when they do."""

Position = tuple[datetime, UUID]
"""Where a result stands among all of its title."""


def rating_apply(*, match_id: UUID) -> bool:
    """Let the result of a match count, and those before it; whether it is in the ratings now.

    False: it is not rated, has no result, or none that everybody may know yet.
    """
    found = Match.objects.filter(id=match_id)
    title = found.filter(rated=True).values_list("title", flat=True).first()
    if title is None:
        return False
    while ratings_apply(title=title) == RATING_BATCH_MAX:
        pass
    return found.filter(counted__isnull=False).exists()


def ratings_sweep() -> int:
    """Let all results count that are due; how many there were."""
    swept = 0
    for title in titles_due():
        while applied := ratings_apply(title=title):
            swept += applied
    return swept


@transaction.atomic
def ratings_apply(*, title: str) -> int:
    """Let the oldest results of a title count that are due, some at a time; how many there were."""
    ladder = _locked(title)
    due = list(matches_due(title=title)[:RATING_BATCH_MAX])
    fresh = [result for match in due if (result := _result_of(match))]
    _move_what_is_late(ladder, fresh)
    for category in sorted({result.category for result in fresh}):
        _count(ladder, category, [each for each in fresh if each.category == category])
    matches_counted(match_ids=[match.id for match in due])
    _remember(ladder, fresh)
    ladder.save()
    return len(due)


@transaction.atomic
def ratings_rebuild(*, title: str) -> int:
    """Work out all ratings of a title anew, from the records of its matches; of how many."""
    ladder = _locked(title)
    gone = RatingChange.objects.filter(title=title, user=None)
    players = {
        (match_id, seat): player
        for match_id, seat, player in gone.values_list("match_id", "seat", "player").iterator()
    }
    # Of a title that is not here any more nobody can say it again.
    known = {} if title in TITLES else _categories(title)
    RatingChange.objects.filter(title=title).delete()
    Rating.objects.filter(title=title).delete()
    ladder.last_ended, ladder.last_match, ladder.seasons = None, None, []
    tally, matches = Tally(title), 0
    rated = matches_in_order(title=title, chunk=RATING_CHUNK)
    while chunk := list(islice(rated, RATING_CHUNK)):
        results = [result for match in chunk if (result := _result_of(match, players, known))]
        RatingChange.objects.bulk_create(tally.count_all(results), batch_size=RATING_CHUNK)
        matches_counted(match_ids=[match.id for match in chunk if match.counted is None])
        _remember(ladder, results)
        matches += len(chunk)
    Rating.objects.bulk_create(tally.ratings.values(), batch_size=RATING_CHUNK)
    ladder.save()
    return matches


def ratings_hold(**_: Any) -> None:
    """Receives ``account_leaves``: nothing is counted until the account is gone. A result that was
    being counted would else write a rating of somebody who is not there any more."""
    list(Ladder.objects.select_for_update().order_by("title"))


# --- steps of the above -------------------------------------------------------------------------


class Entry(msgspec.Struct):
    """One who took part in a match, and at which place among those who count."""

    seat: int
    player: int
    user_id: int | None
    place: int
    change: RatingChange | None = None


class Result(msgspec.Struct):
    """A match as ratings see it.

    Attributes:
        fresh: Whether it counts for the first time.
        late: Whether it counts as of later than it ended.
    """

    match_id: UUID
    category: str
    ended: datetime
    entries: list[Entry]
    fresh: bool = True
    late: bool = False

    @property
    def position(self) -> Position:
        return self.ended, self.match_id


class Known(msgspec.Struct, frozen=True):
    """A skill, and when the match ended of which it is."""

    skill: Skill = Skill()
    last: datetime | None = None


class Tally:
    """The ratings of a title while results come in, in order; in memory.

    Attributes:
        known: What is known of each player in each category, before the next result.
        ratings: By category, account and season.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.known: dict[tuple[str, int], Known] = {}
        self.ratings: dict[tuple[str, int, str], Rating] = {}

    def count_all(self, results: Iterable[Result]) -> list[RatingChange]:
        """The changes by all of these, as far as they are not what they were."""
        return [change for result in results for change in self.count(result)]

    def count(self, result: Result) -> list[RatingChange]:
        """The changes by this one."""
        before = [
            self.known.get((result.category, entry.player), Known()) for entry in result.entries
        ]
        rested = [idle(known.skill, known.last, result.ended) for known in before]
        places = [entry.place for entry in result.entries]
        after = _after(self.title, result.entries, rested)
        changed: list[RatingChange] = []
        for entry, was, now in zip(result.entries, before, after, strict=True):
            self.known[result.category, entry.player] = Known(now, result.ended)
            change = self._change(result, entry, was, now)
            if change is not None:
                changed.append(change)
                self._rate(change, result, places)
        return changed

    def _change(self, result: Result, entry: Entry, was: Known, now: Skill) -> RatingChange | None:
        """The row of one seat; None if it says this already."""
        change = entry.change or RatingChange(
            match_id=result.match_id,
            seat=entry.seat,
            player=entry.player,
            user_id=entry.user_id,
            title=self.title,
            category=result.category,
            season=season_of(result.ended),
            ended=result.ended,
            place=entry.place,
        )
        numbers = (was.skill.mu, was.skill.sigma, now.mu, now.sigma, was.last)
        if numbers == (
            change.mu_before, change.sigma_before, change.mu, change.sigma, change.previous
        ):  # fmt: skip
            return None
        change.mu_before, change.sigma_before, change.mu, change.sigma, change.previous = numbers
        return change

    def _rate(self, change: RatingChange, result: Result, places: Sequence[int]) -> None:
        """What the change makes of the account's ratings."""
        if change.user_id is None:
            return
        for season in {ALWAYS, change.season}:
            key = (result.category, change.user_id, season)
            rating = self.ratings.get(key)
            if rating is None:
                rating = Rating(
                    user_id=change.user_id,
                    title=self.title,
                    category=result.category,
                    season=season,
                )
                self.ratings[key] = rating
            rating.mu, rating.sigma, rating.last = change.mu, change.sigma, change.ended
            rating.settled_until = settled_until(Skill(change.mu, change.sigma), change.ended)
            if result.fresh:
                rating.played += 1
                if min(places) == max(places):
                    rating.drawn += 1
                elif change.place == min(places):
                    rating.won += 1
                else:
                    rating.lost += 1


def _after(title: str, entries: Sequence[Entry], rested: Sequence[Skill]) -> list[Skill]:
    """What a result makes of these skills: of each player's, or of each team's together."""
    teams = _teams(title, entries)
    if not teams:
        places = [entry.place for entry in entries]
        return after_match(list(zip(places, rested, strict=True)))
    after = after_team_match(
        [
            (min(entries[index].place for index in team), [rested[index] for index in team])
            for team in teams
        ]
    )
    skills = list(rested)
    for team, found in zip(teams, after, strict=True):
        for index, skill in zip(team, found, strict=True):
            skills[index] = skill
    return skills


def _teams(title: str, entries: Sequence[Entry]) -> list[list[int]]:
    """Which of these entries play together; none where the title has no teams."""
    game = TITLES.get(title)
    if game is None or not game.teams:
        return []
    sides: dict[int | None, list[int]] = {}
    for index, entry in enumerate(entries):
        sides.setdefault(game.team_of(entry.seat), []).append(index)
    return list(sides.values())


def _locked(title: str) -> Ladder:
    """The ladder of a title, which nobody else climbs until the transaction ends."""
    Ladder.objects.get_or_create(title=title)
    return Ladder.objects.select_for_update().get(title=title)


def _result_of(
    match: Match,
    players: dict[tuple[UUID, int], int] | None = None,
    categories: dict[UUID, str] | None = None,
) -> Result | None:
    """A match as ratings see it; None if it says nothing of anybody.

    Args:
        players: Who sat where of those whose account is gone. Who deleted it before the match
            counted is not known, and left out.
        categories: Of matches whose title cannot say it.
    """
    ended = match.counts_as or match.ended
    assert ended is not None
    entries: list[Entry] = []
    for seat in seats_that_count(match):
        player = seat.user_id or (players or {}).get((match.id, seat.number))
        if player is not None and not seat.bot:
            entries.append(Entry(seat.number, player, seat.user_id, seat.place or 0))
    if len(entries) < 2 or len(_teams(match.title, entries)) == 1:
        return None
    ahead = sorted(entry.place for entry in entries)
    for entry in entries:  # their places among each other
        entry.place = ahead.index(entry.place) + 1
    category = (categories or {}).get(match.id)
    if category is None:
        category = category_of(title=match.title, settings=match.settings)
    return Result(match.id, category, ended, entries)


def _categories(title: str) -> dict[UUID, str]:
    """Of each match that counts, the category in which it does."""
    changes = RatingChange.objects.filter(title=title).exclude(category="")
    return dict(changes.values_list("match_id", "category").iterator())


def _move_what_is_late(ladder: Ladder, fresh: list[Result]) -> None:
    """Let results count behind all others that have too many behind them."""
    if ladder.last_ended is None or not fresh or not _is_behind(ladder, fresh[0].position):
        return
    horizons = {
        category: _horizon(ladder.title, category)
        for category in {result.category for result in fresh}
    }
    moment = ladder.last_ended
    for result in fresh:
        horizon = horizons[result.category]
        if horizon is not None and result.position < horizon:
            log.warning("a result of %s came too late to count where it was", ladder.title)
            moment += timedelta(microseconds=1)
            result.ended, result.late = moment, True
            match_counts_as(match_id=result.match_id, ended=moment)
    fresh.sort(key=lambda result: result.position)


def _horizon(title: str, category: str) -> Position | None:
    """Where results must not be put in any more: before it, too much would follow from them."""
    changes = RatingChange.objects.filter(title=title, category=category)
    in_order = changes.order_by("-ended", "-match_id").values_list("ended", "match_id")
    return next(iter(in_order[RATING_AGAIN_MAX : RATING_AGAIN_MAX + 1]), None)


def _is_behind(ladder: Ladder, position: Position) -> bool:
    """Whether some results that count already come after this position."""
    if ladder.last_ended is None or ladder.last_match is None:
        return False
    return position < (ladder.last_ended, ladder.last_match)


def _count(ladder: Ladder, category: str, fresh: list[Result]) -> None:
    """Let these results count, which are in order; and again those that ended after the first."""
    later = list(_later(ladder, category, fresh[0].position))
    tally = Tally(ladder.title)
    _recall(tally, fresh, later)
    results = sorted([*fresh, *later], key=lambda result: result.position)
    changes = tally.count_all(results)
    first = [change for change in changes if change.pk is None]
    for change in changes:
        change.pk = None  # see ``_recall``
    RatingChange.objects.bulk_create(
        changes,
        batch_size=RATING_CHUNK,
        update_conflicts=True,
        unique_fields=["match", "player"],
        update_fields=["mu_before", "sigma_before", "mu", "sigma", "previous"],
    )
    Rating.objects.bulk_create(
        sorted(tally.ratings.values(), key=lambda rating: (rating.user_id, rating.season)),
        batch_size=RATING_CHUNK,
        update_conflicts=True,
        unique_fields=["user", "title", "category", "season"],
        update_fields=[
            "mu", "sigma", "played", "won", "drawn", "lost", "last", "settled_until"
        ],
    )  # fmt: skip
    late = {result.match_id for result in fresh if result.late}
    news = [change for change in first if change.match_id not in late]
    tell = partial(results_counted.send_robust, RatingChange, changes=news)
    transaction.on_commit(tell, robust=True)


def _later(ladder: Ladder, category: str, position: Position) -> Iterator[Result]:
    """The results of a category behind this position which count already, in order."""
    if not _is_behind(ladder, position):
        return
    log.info("a result of %s came late; those after it are worked out again", ladder.title)
    changes = RatingChange.objects.filter(
        title=ladder.title, category=category, ended__gte=position[0]
    )
    in_order = changes.order_by("ended", "match_id", "seat").iterator(chunk_size=RATING_CHUNK)
    for (ended, match_id), rows in groupby(in_order, lambda row: (row.ended, row.match_id)):
        if (ended, match_id) > position:
            entries = [Entry(row.seat, row.player, row.user_id, row.place, row) for row in rows]
            yield Result(match_id, category, ended, entries, fresh=False)


def _recall(tally: Tally, fresh: list[Result], later: list[Result]) -> None:
    """What was known before the first of these results, which are of one category."""
    category = fresh[0].category
    for result in later:
        for entry in result.entries:
            row = entry.change
            assert row is not None
            before = Known(Skill(row.mu_before, row.sigma_before), row.previous)
            tally.known.setdefault((category, row.player), before)
    results = [*fresh, *later]
    users = {e.user_id for result in results for e in result.entries if e.user_id is not None}
    seasons = {ALWAYS, *(season_of(result.ended) for result in results)}
    ratings = Rating.objects.filter(
        title=tally.title, category=category, season__in=seasons, user_id__in=users
    )
    for rating in ratings:
        # Written by account, title, category and season; SQLite would mind a number before those.
        rating.pk = None
        tally.ratings[category, rating.user_id, rating.season] = rating
        if rating.season == ALWAYS:
            known = Known(Skill(rating.mu, rating.sigma), rating.last)
            tally.known.setdefault((category, rating.user_id), known)


def _remember(ladder: Ladder, results: Sequence[Result]) -> None:
    """How far the ladder goes by now, and through which seasons."""
    if not results:
        return
    last = max(result.position for result in results)
    if ladder.last_ended is None or not _is_behind(ladder, last):
        ladder.last_ended, ladder.last_match = last
    seasons = {season_of(result.ended) for result in results} - {ALWAYS}
    ladder.seasons = sorted({*ladder.seasons, *seasons})
