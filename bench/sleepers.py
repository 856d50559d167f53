"""Chess that sleeps: ``python -m bench.sleepers <count>``, in the environment of a worker.

It makes what a worker leaves behind that puts matches to sleep: of two people who have made no move
for now, the room as a checkpoint, and the time at which a clock runs out.
"""

import sys
from datetime import timedelta

import django

BATCH = 5_000


def main(count: int) -> None:
    """Make so many."""
    from django.contrib.auth import get_user_model
    from django.db import transaction
    from django.utils import timezone

    from games.catalog import TITLES
    from games.models import Match, Seat, Sleep
    from games.rooms import Room

    users = get_user_model().objects
    people = [
        users.create(username=f"sleeper-{number}", name=f"Sleeper {number}", guest=True)
        for number in range(2)
    ]
    settings = {"days": 3}
    game = TITLES["chess"]
    room = Room(
        game(),
        seed=1,
        settings=settings,
        seats=[(number, person.name, False) for number, person in enumerate(people)],
    )
    for number, person in enumerate(people):
        room.connect(number, f"sleeper-{number}", person.name)
    room.tick()
    for number in range(len(people)):
        room.disconnect(number)
    room.tick()
    kept, now = room.checkpoint(), timezone.now()
    for _ in range(0, count, BATCH):
        with transaction.atomic():
            matches = Match.objects.bulk_create(
                Match(
                    title="chess",
                    rules_version=game.version,
                    settings=settings,
                    seed=1,
                    status=Match.Status.RUNNING,
                    epoch=1,
                )
                for _ in range(BATCH)
            )
            Seat.objects.bulk_create(
                Seat(match=match, number=number, user=person, name=person.name)
                for match in matches
                for number, person in enumerate(people)
            )
            Sleep.objects.bulk_create(
                Sleep(
                    match=match,
                    tick=room.tick_no,
                    room=kept,
                    ticked_at=now,
                    wake_at=now + timedelta(days=2),
                )
                for match in matches
            )


if __name__ == "__main__":
    django.setup()
    main(int(sys.argv[1]))
