"""The title in which a chaos run counts: each input stands in the state, in order, for good."""

from games.sim import View
from tests.titles import Sums, Tally

PATH = "tests.chaos.titles.Steady"


class Steady(Tally):
    """``Tally`` that waits a minute for who is missing: a run of faults forfeits no seat."""

    title = "steady"
    name = "Steady"
    grace_s = 60

    def secret(self, state: Sums, seat: int) -> View:
        return {"count": sum(by == seat for by, _ in state.log)}
