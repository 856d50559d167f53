"""What selectors of all subjects share."""

from typing import Any

Shown = dict[str, Any]
"""What others are told of something, as JSON."""
