"""What may be asked about matches; nothing here writes."""

import heapq
import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from django.db.models import QuerySet
from django.utils import timezone

from games.catalog import TITLES
from games.limits import ARCHIVE_LATE_S
from games.models import Match, Seat, Sleep

logger = logging.getLogger(__name__)


def matches() -> QuerySet[Match]:
    """All matches with their seats, newest first, in two queries."""
    return Match.objects.prefetch_related("seats")


def seats_of(*, user_id: int) -> QuerySet[Seat]:
    """The seats that a user has or had, each with its match and all who sit there, newest first.

    It is the seats that are asked for: sorted or counted by their matches, somebody's history would
    cost a look at each match of theirs.
    """
    return (
        Seat.objects.filter(user_id=user_id)
        .select_related("match")
        .prefetch_related("match__seats")
        .order_by("-joined", "-id")
    )


def match_for_viewer(*, match_id: UUID, user_id: int) -> Match | None:
    """A match that this user may see: their own, or a public one; None otherwise."""
    match = next(iter(matches().filter(id=match_id).order_by()), None)
    if match is None:
        return None
    return match if match.public or seat_of(match, user_id) else None


def match_as_watched(match: Match) -> Match:
    """The match as spectators may know it: one of a title that holds back what they see goes on,
    for them, until they have seen its end. Not to be saved."""
    game = TITLES.get(match.title)
    delay = timedelta(seconds=game.spectator_delay_s if game else 0)
    if match.ended is None or timezone.now() >= match.ended + delay:
        return match
    match.status, match.reason, match.ranking, match.ended = Match.Status.RUNNING, "", None, None
    for seat in match.seats.all():
        seat.left, seat.place = Seat.Left.NOT, None
    return match


# --- for ratings ------------------------------------------------------------------------------


def matches_rated(*, title: str) -> QuerySet[Match]:
    """The rated matches of a title whose result everybody may know, in the order in which they
    ended."""
    game = TITLES.get(title)
    delay = timedelta(seconds=game.spectator_delay_s if game else 0)
    finished = Match.objects.filter(title=title, rated=True, status=Match.Status.FINISHED)
    return (
        finished.filter(ended__lte=timezone.now() - delay)
        .only("title", "settings", "reason", "started", "ended", "counted", "counts_as")
        .order_by("ended", "id")
        .prefetch_related("seats")
    )


def matches_due(*, title: str) -> QuerySet[Match]:
    """Those of them that the ratings have not heard of."""
    return matches_rated(title=title).filter(counted__isnull=True)


def matches_in_order(*, title: str, chunk: int) -> Iterator[Match]:
    """All that may be known of a title, in the order in which they count: as they ended, but for
    those that came too late. ``chunk`` of them are read at once."""
    rated = matches_rated(title=title)
    on_time = rated.filter(counts_as__isnull=True)
    late = rated.filter(counts_as__isnull=False).order_by("counts_as", "id")
    yield from heapq.merge(
        on_time.iterator(chunk_size=chunk),
        late.iterator(chunk_size=chunk),
        key=lambda match: (match.counts_as or match.ended, match.id),
    )


def titles_due() -> list[str]:
    """The titles that have results which are not in the ratings yet."""
    due = Match.objects.filter(rated=True, status=Match.Status.FINISHED, counted__isnull=True)
    return sorted(due.order_by().values_list("title", flat=True).distinct())


def category_of(*, title: str, settings: Mapping[str, object]) -> str:
    """The category of its title in which a match with these settings is rated: "" where there are
    none. What a title cannot tell of settings of older rules is of its first."""
    game = TITLES.get(title)
    if game is None or not game.categories:
        return ""
    try:
        found = game().category(msgspec.convert(settings, game.Settings))
    except msgspec.ValidationError:
        found = ""
    except Exception:  # an author's mistake must not keep all results of the title from counting
        logger.exception("%s cannot say of which category a match is", title)
        found = ""
    names = [category.name for category in game.categories]
    return found if found in names else names[0]


def seats_that_count(match: Match) -> list[Seat]:
    """The seats of a rated match whose players its result says something about, by number.

    Those that the result ranks. Where people come and go, only those who sat down in the first half
    of the match: who comes later has had no fair chance. Who leaves counts nevertheless, with the
    place that the rules give: else leaving would be the way out of every defeat. Where everybody
    left there is no such place, and the match says nothing.
    """
    if match.reason == "everyone_left":
        return []
    ranked = sorted((seat for seat in match.seats.all() if seat.place), key=lambda s: s.number)
    game = TITLES.get(match.title)
    if game is None or not game.drop_in or match.started is None or match.ended is None:
        return ranked
    half = match.started + (match.ended - match.started) / 2
    return [seat for seat in ranked if seat.joined <= half]


def seat_of(match: Match, user_id: int) -> Seat | None:
    """The seat that a user has or had in ``match``."""
    return next((seat for seat in match.seats.all() if seat.user_id == user_id), None)


# --- for the sweep of workers -----------------------------------------------------------------


def matches_waiting(*, before: datetime) -> list[UUID]:
    """Matches that started before then and that no worker has taken."""
    waiting = Match.objects.filter(status=Match.Status.STARTING, created__lt=before)
    return list(waiting.order_by("created").values_list("id", flat=True)[:100])


def match_runner(*, match_id: UUID) -> tuple[str, int]:
    """The worker that runs a match, as its row says, and the epoch of the last that did; the worker
    is empty if it waits, sleeps or is over."""
    row = Match.objects.filter(id=match_id).values_list("status", "worker", "epoch").first()
    status, worker, epoch = row or ("", "", 0)
    return (worker if status == Match.Status.RUNNING else "", epoch)


def matches_running() -> list[tuple[UUID, str]]:
    """All matches that are awake, and the worker that runs each."""
    running = Match.objects.filter(status=Match.Status.RUNNING, worker__gt="").order_by()
    return list(running.values_list("id", "worker"))


def matches_to_wake(*, now: datetime) -> list[UUID]:
    """Those who sleep and must not any longer, who waited longest first."""
    due = Sleep.objects.filter(wake_at__lte=now).order_by("wake_at")
    return list(due.values_list("match_id", flat=True)[:100])


def archive_complete(match: Match) -> bool:
    """Whether all of this match should be archived by now."""
    if match.status != Match.Status.FINISHED or match.ended is None:
        return False
    return timezone.now() - match.ended > timedelta(seconds=ARCHIVE_LATE_S)


def match_lives(*, match_id: UUID) -> bool:
    """Whether a match is not over: it waits, runs or sleeps."""
    return Match.objects.filter(id=match_id, status__in=Match.LIVE).exists()


def matches_over(*, match_ids: Iterable[UUID]) -> list[UUID]:
    """Those of these matches that are over."""
    over = Match.objects.filter(id__in=list(match_ids)).exclude(status__in=Match.LIVE)
    return list(over.values_list("id", flat=True))


def orders_for(*, match_ids: Iterable[UUID]) -> tuple[list[UUID], list[tuple[UUID, int, str]]]:
    """What was ordered for these matches by way of their rows: to end; seats to give up."""
    ids = list(match_ids)
    ending = Match.objects.filter(id__in=ids, end_requested=True, status__in=Match.LIVE)
    vacated = Seat.objects.filter(match_id__in=ids).exclude(left=Seat.Left.NOT)
    return (
        list(ending.values_list("id", flat=True)),
        list(vacated.values_list("match_id", "number", "left")),
    )
