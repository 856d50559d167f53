"""The pages: each hands its template what it needs to begin, and decides who may see it."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from games.catalog import TITLES
from lobby.codes import Refused
from lobby.external import providers
from lobby.models.accounts import User
from lobby.models.lobbies import Lobby
from lobby.selectors.accounts import me_shown, user_shown
from lobby.selectors.lobbies import lobby_of_match
from lobby.selectors.matches import match_seen_by
from lobby.selectors.matchmaking import match_mode
from lobby.selectors.ratings import player_named

PLAYER_SECTIONS = ("lobby/player/_ratings.html", "lobby/player/_matches.html")
"""What somebody's page is made of, below its head; each subject adds its own."""

PLAYER_SCRIPTS = ("lobby/player.js", "lobby/people.js")
"""The scripts of those sections."""


def page(view: Any) -> Any:
    """A page that is read only, and always carries the CSRF token that its scripts send."""
    return require_safe(never_cache(ensure_csrf_cookie(view)))


def visitor(request: HttpRequest) -> User:
    """Who looks at a page that only those with an account may see."""
    assert isinstance(request.user, User)
    return request.user


@page
def home(request: HttpRequest) -> HttpResponse:
    """The games, and the open lobbies."""
    return render(request, "lobby/home.html")


@page
@login_required
def lobby(request: HttpRequest, lobby_id: UUID) -> HttpResponse:
    """One lobby; who needs its code is asked for it."""
    found = Lobby.objects.filter(id=lobby_id, closed=False, title__in=TITLES).first()
    if found is None:
        raise Http404
    inside = found.members.filter(user=visitor(request)).exists()
    context = {"lobby": str(lobby_id), "needs_code": found.private and not inside}
    return render(request, "lobby/lobby.html", context)


@page
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Where a link to a lobby leads, also for one who is not signed in yet."""
    return render(request, "lobby/join.html", {"token": token})


@page
@login_required
def wait(request: HttpRequest) -> HttpResponse:
    """Where one waits for a match."""
    return render(request, "lobby/wait.html")


@page
@login_required
def play(request: HttpRequest, match_id: UUID) -> HttpResponse:
    """Where a match is played."""
    try:
        match = match_seen_by(match_id=match_id, user=visitor(request))
    except Refused as refused:
        raise Http404 from refused
    if match.title not in TITLES:
        raise Http404
    home_lobby = lobby_of_match(match_id=match_id, user=request.user)
    context = {
        "match": str(match.id),
        "title": match.title,
        "title_name": TITLES[match.title].name,
        "client_url": static(f"titles/{match.title}/main.js"),
        "lobby": str(home_lobby.id) if home_lobby else "",
        "mode": match_mode(match_id=match_id, user_id=visitor(request).id) or "",
        "me": user_shown(visitor(request)),
    }
    return render(request, "play.html", context)


@page
@login_required
def friends(request: HttpRequest) -> HttpResponse:
    """One's friends, party and requests, and what one talks about with a friend."""
    return render(request, "lobby/friends.html")


@page
@login_required
def history(request: HttpRequest) -> HttpResponse:
    """One's own matches."""
    return render(request, "lobby/history.html")


@page
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """One's own page, as others see it."""
    return redirect("player", visitor(request).id)


@page
def player(request: HttpRequest, user_id: int) -> HttpResponse:
    """Somebody: how good they are, and what they played."""
    try:
        found = player_named(user_id=user_id)
    except Refused as refused:
        raise Http404 from refused
    context = {"player": found, "sections": PLAYER_SECTIONS, "scripts": PLAYER_SCRIPTS}
    return render(request, "lobby/player.html", context)


@page
def leaderboards(request: HttpRequest) -> HttpResponse:
    """Who is best."""
    return render(request, "lobby/leaderboards.html")


@page
def login(request: HttpRequest) -> HttpResponse:
    """The way in, for those with an account, and for guests."""
    return render(request, "lobby/login.html", {"providers": providers()})


@page
def register(request: HttpRequest) -> HttpResponse:
    """A new account; a guest's becomes one, as it is."""
    return render(request, "lobby/register.html", {"providers": providers()})


@page
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """One's own account, and all that one may do about it."""
    return render(
        request,
        "lobby/account.html",
        {"me": me_shown(visitor(request)), "providers": providers()},
    )


@page
def forgot(request: HttpRequest) -> HttpResponse:
    """Where to ask for a new password."""
    return render(request, "lobby/forgot.html")


@page
def reset(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Where the link of that mail leads; nothing happens before the password is sent."""
    return render(request, "lobby/reset.html", {"uid": uid, "token": token})


@page
def email(request: HttpRequest, key: str) -> HttpResponse:
    """Where the link that confirms an address leads; a click confirms it, and not the visit: some
    mail servers visit all links."""
    return render(request, "lobby/email.html", {"key": key})
