"""Liar's dice: hidden dice, rising bids, and a call that ends the round."""

from games.catalog.liars_dice.rules import LiarsDice

__all__ = ["LiarsDice"]
