"""How the people of one pool are put together."""

import msgspec


class Widening(msgspec.Struct, frozen=True):
    """How far apart in rating two may be: the longer one waits, the further, within a limit.

    It holds both ways: of two tickets the narrower decides, so that one who came just now is not
    given to somebody far away because *that* one has waited long.
    """

    start: float
    per_s: float
    limit: float

    def reach(self, waited_s: float) -> float:
        """Points to either side after so long."""
        return min(self.limit, self.start + self.per_s * max(0.0, waited_s))


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a match.

    Attributes:
        least: Players that it needs, bots included.
        most: Players that it has at the most, and at first waits for.
        teams: Into how many teams of equal size they are parted; 1: into none.
        fill_s: How long one waits for a full match before fewer will do.
        bots_after_s: How long until bots take what seats are left; None: there are none.
        bots_to: How many players a match with bots has, where people are fewer.
    """

    least: int
    most: int
    widening: Widening
    teams: int = 1
    fill_s: float = 0.0
    bots_after_s: float | None = None
    bots_to: int = 0
