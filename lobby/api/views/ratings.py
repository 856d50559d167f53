"""REST of ratings: how good somebody is, and how that came about."""

from django.urls import path
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from games.catalog import TITLES
from lobby.api.schema import described
from lobby.api.serializers.matches import MatchOut
from lobby.api.serializers.ratings import PlayerRatingsOut
from lobby.api.views.base import Api
from lobby.codes import ApiCode, Refused
from lobby.models.ratings import Rating
from lobby.seasons import ALWAYS
from lobby.selectors.accounts import user_shown
from lobby.selectors.leaderboards import Board, rank_of
from lobby.selectors.matches import match_shown
from lobby.selectors.ratings import (
    Point,
    changes_of_player,
    history_shown,
    matches_of_player,
    player_named,
    rating_shown,
    ratings_of_player,
)


class PlayerRatings(Api):
    permission_classes = [AllowAny]

    @described(
        {200: PlayerRatingsOut},
        ApiCode.INVALID,
        ApiCode.NOT_FOUND,
        summary="Somebody's ratings",
        parameters=[
            OpenApiParameter(
                "title", OpenApiTypes.STR, description="Of this title alone, with its history."
            ),
            OpenApiParameter(
                "category", OpenApiTypes.STR, description="Of this category of the title alone."
            ),
        ],
    )
    def get(self, request: Request, user_id: int) -> Response:
        """In all titles that they played a rated match of, and in each of their categories, most
        played first."""
        user = player_named(user_id=user_id)
        title = request.query_params.get("title")
        if title is not None and title not in TITLES:
            raise Refused(ApiCode.INVALID, {"title": ["There is no such title."]})
        category = request.query_params.get("category")
        if category is not None and (title is None or not _has_category(title, category)):
            raise Refused(ApiCode.INVALID, {"category": ["The title has no such category."]})
        rows = [
            row
            for row in ratings_of_player(user_id=user.id)
            if title in {None, row.title} and category in {None, row.category}
        ]
        now = timezone.now()
        ratings = []
        for row in rows:
            rank = rank_of(Board(row.title, row.category, ALWAYS), user_id=user.id)
            changes = _changes(row) if title else []
            ratings.append(
                rating_shown(row, now)
                | {"rank": rank and rank["rank"], "history": history_shown(changes)}
            )
        return Response({"user": user_shown(user), "ratings": ratings})


def _has_category(title: str, category: str) -> bool:
    """Also the empty one, of matches that were rated before their title had any."""
    return category in {"", *(each.name for each in TITLES[title].categories)}


def _changes(rating: Rating) -> list[Point]:
    return changes_of_player(user_id=rating.user_id, title=rating.title, category=rating.category)


class PlayerMatches(Api):
    permission_classes = [AllowAny]

    @described(
        {200: MatchOut(many=True)},
        ApiCode.NOT_FOUND,
        summary="Somebody's latest matches",
        operation_id="players_matches",
    )
    def get(self, request: Request, user_id: int) -> Response:
        """Public ones, newest first; `seat` is that player's."""
        user = player_named(user_id=user_id)
        matches = matches_of_player(user_id=user.id, viewer_id=request.user.id)
        return Response([match_shown(match, user_id=user.id) for match in matches])


urlpatterns = [
    path("players/<int:user_id>/ratings/", PlayerRatings.as_view(), name="api-player-ratings"),
    path("players/<int:user_id>/matches/", PlayerMatches.as_view(), name="api-player-matches"),
]
