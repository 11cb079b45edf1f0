import asyncio

from fake_mlx.schedule import Schedule


async def test_callbacks_come_in_the_order_of_their_moments() -> None:
    schedule = Schedule(asyncio.get_running_loop())
    done = asyncio.Event()
    called: list[str] = []
    now = schedule.now()
    schedule.at(now + 0.003, done.set)
    schedule.at(now + 0.002, lambda: called.append("late"))
    schedule.at(now + 0.001, lambda: called.append("early"))
    schedule.at(now + 0.002, lambda: called.append("late, too"))
    schedule.at(now - 1, lambda: called.append("past"))
    await done.wait()
    assert called == ["past", "early", "late", "late, too"]


async def test_a_cancelled_callback_is_not_called() -> None:
    schedule = Schedule(asyncio.get_running_loop())
    done = asyncio.Event()
    called: list[str] = []
    ticket = schedule.at(schedule.now(), lambda: called.append("never"))
    ticket.cancel()
    schedule.at(schedule.now(), done.set)
    await done.wait()
    assert called == []


async def test_who_returns_a_moment_is_called_again_then() -> None:
    schedule = Schedule(asyncio.get_running_loop())
    done = asyncio.Event()
    called: list[str] = []
    now = schedule.now()

    def repeated() -> float | None:
        called.append("repeated")
        return now + 0.002 if len(called) == 1 else None

    schedule.at(now, repeated)
    schedule.at(now + 0.001, lambda: called.append("between"))
    schedule.at(now + 0.003, done.set)
    await done.wait()
    assert called == ["repeated", "between", "repeated"]


async def test_who_always_wants_to_go_on_does_not_hold_up_the_others() -> None:
    schedule = Schedule(asyncio.get_running_loop())
    done = asyncio.Event()

    def greedy() -> None:
        if not done.is_set():
            schedule.at(0, greedy)

    greedy()
    asyncio.get_running_loop().call_later(0, done.set)
    await done.wait()


async def test_a_callback_that_fails_does_not_stop_the_others() -> None:
    loop = asyncio.get_running_loop()
    failures: list[object] = []
    loop.set_exception_handler(lambda _, context: failures.append(context["exception"]))
    schedule = Schedule(loop)
    done = asyncio.Event()
    now = schedule.now()
    schedule.at(now, _fail)
    schedule.at(now, done.set)
    await done.wait()
    assert [type(failure) for failure in failures] == [ZeroDivisionError]


def _fail() -> None:
    raise ZeroDivisionError
