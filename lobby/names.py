"""Names that people see: what may be one, and a pleasant one for a guest."""

import random
import re
import unicodedata

from django.core.exceptions import ValidationError

from lobby.limits import NAME_CHARS_MAX

_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode's control, format (all that turn the writing direction), surrogate, private, unassigned
and separating characters: they can hide, reorder or forge what stands beside the name."""

_BLANK = re.compile("[\u115f\u1160\u2800\u3164\uffa0\\s]*")
"""Characters that count as letters and show nothing."""

_ADJECTIVES = (
    "Amber", "Brave", "Calm", "Clever", "Copper", "Coral", "Cosmic", "Crimson", "Daring", "Eager",
    "Fancy", "Gentle", "Golden", "Happy", "Indigo", "Jade", "Jolly", "Keen", "Lucky", "Lunar",
    "Mellow", "Merry", "Mighty", "Misty", "Noble", "Olive", "Pearl", "Plucky", "Quick", "Quiet",
    "Royal", "Ruby", "Scarlet", "Silver", "Sly", "Solar", "Sunny", "Swift", "Teal", "Velvet",
    "Vivid", "Witty",
)  # fmt: skip
_ANIMALS = (
    "Badger", "Beaver", "Bison", "Cobra", "Condor", "Crane", "Dingo", "Dolphin", "Eagle", "Falcon",
    "Ferret", "Finch", "Fox", "Gecko", "Hare", "Hawk", "Heron", "Ibex", "Jaguar", "Koala", "Lemur",
    "Lynx", "Marten", "Mole", "Moose", "Newt", "Ocelot", "Orca", "Osprey", "Otter", "Owl", "Panda",
    "Puffin", "Quail", "Raven", "Robin", "Seal", "Shrew", "Stork", "Tapir", "Tiger", "Toad",
    "Turtle", "Walrus", "Wolf", "Wombat", "Wren", "Yak",
)  # fmt: skip


def name_check(name: str) -> None:
    """Whether people may be shown ``name``.

    Raises:
        ValidationError: it shows nothing, or has characters that are not seen.
    """
    if any(unicodedata.category(char) in _UNSEEN for char in name):
        raise ValidationError("Characters that cannot be seen are not allowed.", "unseen")
    if _BLANK.fullmatch(unicodedata.normalize("NFKC", name)):
        raise ValidationError("A name must show something.", "blank")


def name_tidy(name: str) -> str:
    """``name`` in one normal form, with single spaces between its words."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def name_invent() -> str:
    """A name for a guest: ``Amber Otter 42``."""
    name = f"{random.choice(_ADJECTIVES)} {random.choice(_ANIMALS)} {random.randint(2, 99)}"
    assert len(name) <= NAME_CHARS_MAX
    return name
