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


_SAME = str.maketrans(
    {
        **dict.fromkeys("1|!iјіι\u0131\u04c0", "l"),
        **dict.fromkeys("0оο", "o"),
        **dict.fromkeys("3еε", "e"),
        **dict.fromkeys("4@аα", "a"),
        **dict.fromkeys("5$ѕ", "s"),
        **dict.fromkeys("7тτ", "t"),
        **dict.fromkeys("рρ", "p"),
        **dict.fromkeys("сϲ", "c"),
        **dict.fromkeys("уγ", "y"),
        **dict.fromkeys("хχ", "x"),
        **dict.fromkeys("кκ", "k"),
        **dict.fromkeys("мμ", "m"),
        **dict.fromkeys("пη", "n"),
        **dict.fromkeys("вβ", "b"),
        **dict.fromkeys("ԁ", "d"),
        "г": "r",
        "ν": "v",
    }
)
"""Letters and digits that pass for a Latin letter, in lower case."""

_RESERVED = (
    "admin", "administrator", "evertick", "mod", "moderator", "official", "operator", "root",
    "server", "staff", "support", "system", "everyone", "anonymous", "nobody", "bot", "guest",
    "null", "undefined",
)  # fmt: skip


def name_looks(name: str) -> str:
    """What a name looks like: two that share this cannot be told apart at a glance."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    return "".join(char for char in plain.translate(_SAME) if char.isalnum())


_RESERVED_LOOKS = {name_looks(name) for name in _RESERVED}


def name_is_reserved(name: str) -> bool:
    """Whether it looks like one of those that run the place, alone or with digits behind it."""
    looks = unicodedata.normalize("NFKC", name).rstrip("0123456789 _-.")
    return bool({name_looks(name), name_looks(looks)} & _RESERVED_LOOKS)


def name_is_invented(name: str) -> bool:
    """Whether it may be one of ``name_invent``."""
    adjective, _, rest = name.partition(" ")
    animal, _, number = rest.partition(" ")
    return adjective in _ADJECTIVES and animal in _ANIMALS and number.isdecimal()


def name_tidy(name: str) -> str:
    """``name`` in one normal form, with single spaces between its words."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def name_invent() -> str:
    """A name for a guest: ``Amber Otter 42``."""
    name = f"{random.choice(_ADJECTIVES)} {random.choice(_ANIMALS)} {random.randint(2, 99)}"
    assert len(name) <= NAME_CHARS_MAX
    return name
