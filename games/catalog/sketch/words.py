"""The words that are drawn, and what it means that a guess is right, close, or gives one away.

Guesses are compared letter by letter, whatever their case, accents, spaces and hyphens. The letters
of a word are those of Latin script, spelled out here: so no two versions of Python compare them in
two ways.
"""

from collections.abc import Collection, Iterable

from games.catalog.sketch.limits import OFFERS
from games.sim import Rng

LISTS = ("easy", "medium", "hard")

EASY = """
airplane, ant, apple, arm, baby, ball, balloon, banana, bat, beach, bear, bed, bee, bell, bike,
bird, boat, bone, book, boot, bottle, bow, box, bread, bridge, bug, bus, butterfly, button, cake,
camera, candle, candy, car, carrot, castle, cat, chair, cheese, cherry, circle, clock, cloud,
coat, computer, cookie, corn, cow, crab, crown, cup, desk, dog, door, dragon, dress, drum, duck,
ear, egg, elephant, eye, face, feather, finger, fire, fish, flag, flower, foot, fork, fox, frog,
ghost, gift, giraffe, glasses, grapes, guitar, hammer, hand, hat, heart, helmet, horse, house, ice
cream, igloo, island, jar, key, kite, knife, ladder, lamp, leaf, lemon, lighthouse, lion, lips,
lollipop, milk, monkey, moon, mountain, mouse, mouth, mushroom, nail, necklace, nest, nose, ocean,
octopus, orange, owl, pants, pear, pencil, penguin, piano, pig, pizza, pumpkin, queen, rabbit,
rain, rainbow, ring, river, robot, rocket, rose, sandwich, scarf, sea, shark, sheep, shoe, skirt,
smile, snail, snake, snowflake, snowman, sock, spider, spoon, square, star, strawberry, sun,
swing, table, tail, tent, toe, tooth, train, tree, truck, turtle, umbrella, vase, watch, wave,
whale, wheel, window, witch, worm, zebra
"""

MEDIUM = """
accordion, acorn, alarm clock, alligator, anchor, angel, apron, aquarium, arrow, astronaut,
avocado, axe, backpack, bagpipes, bakery, bamboo, barbecue, basket, basketball, bathtub, battery,
beard, beaver, beehive, binoculars, birthday, blanket, blender, blindfold, bookshelf, boomerang,
bowling, brain, broom, bucket, bulldozer, burger, bus stop, cactus, calculator, calendar, camel,
campfire, candlestick, cannon, canoe, caterpillar, chameleon, chandelier, chimney, chopsticks,
circus, clown, coconut, compass, concert, cowboy, crayon, dartboard, detective, diamond, dinosaur,
doctor, dolphin, doughnut, drawer, drill, eagle, earthquake, electric guitar, elevator, envelope,
eraser, escalator, eyebrow, factory, fairy, farmer, ferris wheel, fire engine, fireplace,
fireworks, fishing rod, flamingo, flashlight, flute, fountain, french fries, garden, globe,
goldfish, golf, gorilla, grasshopper, greenhouse, hairdryer, hammock, hamster, harp, hedgehog,
helicopter, hospital, hot dog, hourglass, hurdle, jellyfish, jigsaw, kangaroo, kettle, keyboard,
king, koala, ladybug, laptop, lawn mower, lightning, lipstick, lobster, magnet, mailbox, map,
maze, medal, mermaid, microphone, microscope, microwave, mirror, mosquito, motorcycle, museum,
mustache, ninja, nurse, onion, ostrich, pancake, panda, parachute, parrot, peacock, pillow,
pineapple, pirate ship, popcorn, postcard, potato, puzzle, pyramid, raccoon, radio, reindeer,
restaurant, roller coaster, rooster, sailboat, sandcastle, saxophone, scarecrow, scissors,
scorpion, screwdriver, seahorse, sewing machine, shower, skateboard, skeleton, skyscraper, sloth,
spaceship, squirrel, stairs, stethoscope, submarine, suitcase, sunflower, sunglasses, surfboard,
sushi, swan, swimming pool, sword, taxi, teapot, telescope, tennis, toaster, toothbrush, tractor,
traffic light, treasure, trumpet, unicorn, vacuum cleaner, vampire, violin, volcano, waffle,
waterfall, watermelon, wedding, wheelchair, windmill, wizard, yo-yo, zipper
"""

HARD = """
allergy, ambush, applause, archaeologist, architect, assembly line, autograph, avalanche,
babysitter, balance, ballet, bargain, black hole, blizzard, blueprint, boredom, bottleneck,
brainstorm, breakdance, bungee jumping, camouflage, carpool, castaway, celebrity, chain reaction,
champion, choir, commercial, commute, conductor, confetti, constellation, coral reef, crossroads,
crossword, curtain call, daydream, deadline, deforestation, democracy, desert island, diet,
dominoes, double bass, drought, dream, echo, eclipse, electricity, evolution, exhaustion, exile,
fashion show, fast food, ferry, fever, flashback, fog, fossil, freckles, friendship, full moon,
galaxy, gap year, genius, goosebumps, gossip, graduation, gravity, haunted house, headache,
hibernation, hiccup, high five, homework, horizon, hypnosis, ice fishing, icebreaker, infinity,
inflation, insomnia, invention, invisible, jet lag, journey, jungle, karaoke, knot, landslide,
lap, laughter, laundry, library, limbo, lottery, lullaby, magic trick, marathon, masquerade,
meditation, melody, midnight, migration, milky way, mirage, moonwalk, mummy, nightmare, north
pole, oasis, obstacle, optical illusion, orbit, orchestra, outer space, parade, password,
patience, peer pressure, philosopher, photobomb, pickpocket, plumber, poison, pollution, prank,
quicksand, recipe, recycling, referee, rehearsal, remote control, reunion, rush hour, safari,
scuba diving, self-portrait, shadow, shipwreck, silence, sleepwalking, small talk, snowball fight,
solar system, souvenir, speed limit, spring cleaning, stadium, stage fright, static, stowaway,
stunt, sunburn, surprise party, survivor, suspension bridge, swamp, synchronised, tango, tattoo,
telepathy, thunderstorm, tidal wave, tightrope, time machine, tornado, traffic jam, translate,
treadmill, tug of war, twins, undercover, vacation, ventriloquist, vertigo, vineyard, volunteer,
waiting room, weightless, whisper, whirlpool, wilderness, window shopping, wisdom, world record,
wrestling, yawn, zero gravity
"""


def _listed(text: str) -> list[str]:
    return [" ".join(word.split()) for word in text.split(",")]


WORDS = dict(zip(LISTS, map(_listed, (EASY, MEDIUM, HARD)), strict=True))
"""By difficulty. In a match of ten rounds with eight players none of them runs out."""

SEPARATORS = " -'"
"""What stands between the letters of a word, and is no secret."""

CLOSE_FROM = 4
"""Letters from which a word has near misses: of three, one is a third of it."""

FAR_FROM = 8
"""Letters from which two may be wrong."""

_PLAIN = str.maketrans(
    dict(zip("àáâãäåçèéêëìíîïñòóôõöøùúûüýÿ", "aaaaaaceeeeiiiinoooooouuuuyy", strict=True))
    | {"ß": "ss", "æ": "ae", "ð": "d", "þ": "th"}
)
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")


def own_words(text: str) -> list[str]:
    """The words of a host's list, each once."""
    words: dict[str, str] = {}
    for word in _listed(text.lower()):
        words.setdefault(folded(word), word)
    return [word for letters, word in words.items() if letters]


def offers(own: list[str], level: str, used: Collection[str], rng: Rng) -> list[str]:
    """Words to choose from, none of which was ``used``.

    The host's own come first; where they run out, the list of that level follows, or one of each
    where they are ``mixed``.
    """
    picked = _some(own, OFFERS, used, rng)
    levels = LISTS if level == "mixed" else (level,) * OFFERS
    for name in levels[len(picked) :]:
        picked += _some(WORDS[name], 1, {*used, *picked}, rng)
    return picked


def pool(own: list[str], level: str) -> list[str]:
    """All words that may be drawn."""
    return [*own, *(word for name in LISTS if level in (name, "mixed") for word in WORDS[name])]


def _some(words: Iterable[str], count: int, without: Collection[str], rng: Rng) -> list[str]:
    fresh = [word for word in words if word not in without]
    return [fresh.pop(rng.below(len(fresh))) for _ in range(min(count, len(fresh)))]


# --- what is shown of a word ---------------------------------------------------------------------


def letters_of(word: str) -> list[int]:
    """The places of its letters."""
    return [place for place, char in enumerate(word) if char not in SEPARATORS]


def masked(word: str, shown: Collection[int]) -> str:
    """The word, with ``_`` for each letter that is not shown: how many there are, all may know."""
    return "".join(
        char if char in SEPARATORS or place in shown else "_" for place, char in enumerate(word)
    )


def fits(word: str, mask: str) -> bool:
    """Whether this may be the word behind a mask."""
    return len(word) == len(mask) and all(
        char not in SEPARATORS if seen == "_" else char == seen
        for char, seen in zip(word, mask, strict=True)
    )


# --- guesses -------------------------------------------------------------------------------------


def folded(text: str) -> str:
    """The letters of a text, without what is not compared."""
    return "".join(char for char in text.lower().translate(_PLAIN) if char in _LETTERS)


def is_right(guess: str, word: str) -> bool:
    return folded(guess) == folded(word)


def is_close(guess: str, word: str) -> bool:
    """Whether a wrong guess is a near miss: another number, a letter or two off."""
    one, other = folded(guess), folded(word)
    if one == other or not one:
        return False
    if one in (f"{other}s", other.removesuffix("s")):
        return True
    return len(other) >= CLOSE_FROM and _differ_by(one, other, 1 + (len(other) >= FAR_FROM))


def gives_away(text: str, word: str) -> bool:
    """Whether a text contains the word: as a word, or, if it is no tiny one, hidden in others."""
    spaced = "".join(char if folded(char) else " " for char in text)
    tokens = [folded(token) for token in spaced.split()]
    wanted = folded(word)
    parts = [folded(part) for part in _parts(word)]
    if any(tokens[at : at + len(parts)] == parts for at in range(len(tokens))):
        return True
    return wanted in tokens or (len(wanted) >= CLOSE_FROM and wanted in folded(text))


def _parts(word: str) -> list[str]:
    return "".join(" " if char in SEPARATORS else char for char in word).split()


def _differ_by(one: str, other: str, most: int) -> bool:
    """Whether so many letters at most are to be put in, left out, changed, or swapped with the
    next one (Damerau and Levenshtein, without moving one that was swapped)."""
    if abs(len(one) - len(other)) > most:
        return False
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1] <= most
