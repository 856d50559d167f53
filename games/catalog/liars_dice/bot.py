"""A player of liar's dice: it knows the odds, trusts people a little, and bluffs now and then."""

from itertools import product
from math import comb

from games.sim import Rng, View

FACES = range(1, 7)
TRUST = 1  # dice that a bidder is believed to have of the face, beyond what chance gives
SURE = 55  # percent; what is likelier may be said without a blush
BLUFF = 12  # percent of turns in which anything goes that is not absurd
BOLD = 20  # percent; below this, it is absurd


def think(seat: int, view: View, secret: View | None, rng: Rng) -> dict[str, str | int] | None:
    """What it sends, as a client would; None unless it is its turn."""
    if view["turn"] != seat or secret is None:
        return None
    odds = _Odds(view, secret["dice"])
    raises = {bid: odds.of(*bid) for bid in _raises(view)}
    if view["bids"]:
        best = max(raises.values(), default=0)
        bidder, count, face = view["bids"][-1]
        trust = min(TRUST, view["counts"][bidder])
        doubt = 100 - odds.of(count - trust, face)
        if not raises or doubt + rng.between(-12, 12) > best:
            return {"t": "liar"}
    count, face = _chosen(raises, rng)
    return {"t": "bid", "count": count, "face": face}


def _raises(view: View) -> list[tuple[int, int]]:
    """Bids that may be made and are not far above the last one."""
    dice = sum(view["counts"])
    last = tuple(view["bids"][-1][1:]) if view["bids"] else (0, 6)
    most = last[0] + 1 if view["bids"] else max(1, dice // 4)
    counts = range(max(1, last[0]), min(most, dice) + 1)
    faces = FACES[1:] if view["wild"] else FACES
    return [bid for bid in product(counts, faces) if bid > last]


def _chosen(raises: dict[tuple[int, int], int], rng: Rng) -> tuple[int, int]:
    least = BOLD if rng.below(100) < BLUFF else SURE
    likely = [bid for bid, chance in raises.items() if chance >= least]
    return rng.choice(likely) if likely else max(raises, key=lambda bid: raises[bid])


class _Odds:
    """What is likely, to one who sees these dice."""

    def __init__(self, view: View, dice: list[int]) -> None:
        self.dice = dice
        self.wild = view["wild"]
        self.hidden = sum(view["counts"]) - len(dice)

    def of(self, count: int, face: int) -> int:
        """The chance, in percent, that there are at least ``count`` dice of ``face``."""
        mine = sum(die == face or (self.wild and die == 1) for die in self.dice)
        sides = 3 if self.wild else 6  # one in three shows the face or a one
        ways = sum(
            comb(self.hidden, hits) * (sides - 1) ** (self.hidden - hits)
            for hits in range(max(0, count - mine), self.hidden + 1)
        )
        return int(100 * ways // sides**self.hidden)
