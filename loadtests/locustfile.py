"""Locust's part of a load test: a dispatcher in each process, results from workers to the master.

Importing Locust patches sockets, so nothing but Locust's own process reads this file.
"""

import json
import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import Any, Final

import gevent
import locust.runners
from gevent.pool import Group
from locust import LoadTestShape, User, constant, events, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.runners import WorkerRunner

from load import knee, plan, schedule, thresholds
from load.progress import progress_of
from load.recorder import Recorder
from load.visits import Visits

locust.runners.WORKER_REPORT_INTERVAL = 1.0
GRACE_SECONDS: Final = 60.0
"""For the last streams to end."""


class Run:
    """The one run of this process."""

    recorder: Recorder
    options: Namespace


@events.init_command_line_parser.add_listener
def add_options(parser: LocustArgumentParser) -> None:
    parser.add_argument("--plan", help="the file that says where the servers are")
    parser.add_argument("--results", help="write what was measured there")
    parser.add_argument("--shape", choices=list(schedule.SHAPES), default="steady")
    parser.add_argument("--rate", type=float, default=4.0, help="visitors a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--slot-seconds", type=float, default=1.0)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--dispatchers", type=int, default=1, help="load processes")
    parser.add_argument("--limits", default="{}", help="JSON: thresholds other than usual")


@events.init.add_listener
@events.test_start.add_listener
def start(environment: Environment, **_: Any) -> None:
    """Begin anew: the first tick wants a recorder, a worker hears its options at the start."""
    assert environment.parsed_options is not None
    Run.options = environment.parsed_options
    Run.recorder = Recorder(Run.options.slot_seconds)


@events.test_start.add_listener
def tell_progress(environment: Environment, **_: Any) -> None:
    """Print the figures of the moment each second, for the runner to show."""

    def tell() -> None:
        while True:
            sys.stdout.write(json.dumps(progress_of(Run.recorder)) + "\n")
            sys.stdout.flush()
            gevent.sleep(1)

    if not isinstance(environment.runner, WorkerRunner):
        gevent.spawn(tell)


@events.report_to_master.add_listener
def report(data: dict[str, Any], **_: Any) -> None:
    data["recorder"] = Run.recorder.take()


@events.worker_report.add_listener
def receive(data: dict[str, Any], **_: Any) -> None:
    Run.recorder.merge(data["recorder"])


@events.quitting.add_listener
def judge(environment: Environment, **_: Any) -> None:
    """Write the results and set the exit code, once: workers have only a part of them."""
    if isinstance(environment.runner, WorkerRunner):
        return
    options, recorder = Run.options, Run.recorder
    limits = json.loads(options.limits)
    verdicts = thresholds.judge(recorder, options.shape, options.dispatchers, limits)
    results = {
        "verdicts": [[v.name, v.found, v.limit] for v in verdicts],
        "steps": [[s.rate, s.first_event_p99_ms, s.failed, s.beyond] for s in steps()],
        **recorder.to_json(),
    }
    Path(options.results).write_text(json.dumps(results))
    environment.process_exit_code = 0 if all(verdict.kept for verdict in verdicts) else 1


def steps() -> list[knee.Step]:
    if Run.options.shape != "ramp":
        return []
    slots_a_step = round(Run.options.seconds / schedule.STEPS / Run.options.slot_seconds)
    return knee.steps(Run.recorder, Run.options.rate, slots_a_step)


class UntilAllIsSaid(LoadTestShape):
    """One dispatcher in each process, until the schedule and the last stream are over."""

    def tick(self) -> tuple[int, float] | None:
        dispatchers, recorder = Run.options.dispatchers, Run.recorder
        over = recorder.total("finished") == dispatchers and recorder.open_streams() == 0
        late = self.get_run_time() > Run.options.seconds + GRACE_SECONDS
        beyond = any(step.beyond for step in steps())
        return None if over or late or beyond else (dispatchers, 100.0)


class Dispatcher(User):
    """Sends each visitor at its moment, whether or not those before it were served."""

    wait_time = constant(0)

    def on_start(self) -> None:
        options, runner = Run.options, self.environment.runner
        number = runner.worker_index if isinstance(runner, WorkerRunner) else 0
        self._visits = Visits(plan.load(Path(options.plan)), Run.recorder, self._report)
        self._began = time.monotonic()
        self._streams = Group()
        self._finished = False
        share = options.rate / options.dispatchers
        self._arrivals = schedule.arrivals(
            options.shape, share, options.seconds, f"{options.seed}/{number}"
        )

    @task
    def send_next(self) -> None:
        arrival = next(self._arrivals, None)
        if arrival is None:
            self._finish()
            return
        due = self._began + arrival.at
        gevent.sleep(max(0.0, due - time.monotonic()))
        self._streams.spawn(self._visits.visit, arrival.kind, due)

    def _finish(self) -> None:
        """Say once that all is sent and over; then idle until Locust stops."""
        if not self._finished:
            self._streams.join()
            self._finished = True
            Run.recorder.count("finished", time.monotonic())
        gevent.sleep(0.2)

    def on_stop(self) -> None:
        self._streams.join()

    def _report(self, name: str, seconds: float, failure: Exception | None) -> None:
        self.environment.events.request.fire(
            request_type="chat" if name != "login" else "POST",
            name=name,
            response_time=seconds * 1000,
            response_length=0,
            exception=failure,
            context={},
        )
