"""The title in which a chaos run counts: each input stands in the state, in order, for good."""

from games.sim import View
from tests.titles import Sums, Tally

PATH = "tests.chaos.titles.Steady"


class Steady(Tally):
    """``Tally`` that tells each seat how much of what it sent was counted."""

    title = "steady"
    name = "Steady"

    def secret(self, state: Sums, seat: int) -> View:
        return {"count": sum(by == seat for by, _ in state.log)}
