"""Sketch: one draws a secret word, the others guess it by chat."""

from games.catalog.sketch.rules import Sketch

__all__ = ["Sketch"]
