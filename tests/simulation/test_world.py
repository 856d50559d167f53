"""Time and processes that are told when to stop."""

import asyncio

import pytest

from tests.simulation.weather import Rates, Weather
from tests.simulation.world import Loop, World


@pytest.fixture
def world() -> World:
    return World(1)


def test_time_jumps_to_what_is_due_and_costs_nothing(world: World) -> None:
    loop = Loop(world, "a", begun=100.0, rate=2.0)
    told = []

    async def wait() -> None:
        for seconds in (3600, 0.5):
            await asyncio.sleep(seconds)
            told.append((world.now, asyncio.get_running_loop().time()))

    loop.create_task(wait())
    world.run(1e6)
    assert told == [(1800.0, 3700.0), (1800.25, 3700.5)]
    assert world.now == 1e6


def test_what_asyncio_offers_works_on_it(world: World) -> None:
    loop = Loop(world, "a")
    told = []

    async def work() -> None:
        queue: asyncio.Queue[int] = asyncio.Queue()
        asyncio.get_running_loop().call_later(1, queue.put_nowait, 1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await queue.get()
        told.append(await queue.get())
        told.extend(await asyncio.gather(asyncio.sleep(2, "two"), asyncio.sleep(1, "one")))
        told.append(world.now)

    task = loop.create_task(work())
    world.run(10)
    task.result()
    assert told == [1, "two", "one", 3.0]


def test_a_process_that_sleeps_misses_nothing_and_hinders_nobody(world: World) -> None:
    sleeper, other = Loop(world, "a"), Loop(world, "b")
    told = []
    for loop in (sleeper, other):
        for at in (1, 2, 3):
            loop.call_at(at, lambda name, at: told.append((name, at, world.now)), loop.name, at)
    sleeper.asleep = True
    world.later(2.5, sleeper.wake)
    world.run(10)
    assert [one for one in told if one[0] == "b"] == [("b", 1, 1), ("b", 2, 2), ("b", 3, 3)]
    assert [one for one in told if one[0] == "a"] == [("a", 1, 2.5), ("a", 2, 2.5), ("a", 3, 3)]


def test_nothing_more_is_heard_of_a_dead_process_until_it_is_buried(world: World) -> None:
    loop = Loop(world, "a")
    told = []

    async def work() -> None:
        try:
            while True:
                await asyncio.sleep(1)
                told.append(world.now)
        finally:
            told.append(-1)

    loop.create_task(work())
    world.run(2.5)
    loop.dead = True
    world.run(9)
    assert told == [1.0, 2.0]
    loop.bury()
    assert told == [1.0, 2.0, -1]


def test_chance_is_drawn_for_each_purpose_by_itself(world: World) -> None:
    again = World(1)
    again.chance("b").random()
    assert world.chance("a").random() == again.chance("a").random() != again.chance("b").random()
    assert World(2).chance("a").random() != world.chance("a").random()


def test_weather_does_what_its_rates_say(world: World) -> None:
    rng = world.chance("ways")
    rates = Rates(lost=0.1, doubled=0.2)
    arrivals = [len(Weather(world).way(rates, rng, "a message")) for _ in range(5000)]
    assert arrivals.count(0) == world.faults["a message lost"] == pytest.approx(500, rel=0.2)
    assert arrivals.count(2) == world.faults["a message doubled"] == pytest.approx(1000, rel=0.2)
    assert len(Weather(world, 0.0).way(Rates(lost=1.0), rng, "a message")) == 1
