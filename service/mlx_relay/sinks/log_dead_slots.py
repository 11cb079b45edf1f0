"""The slots of a log in; those that no process has settled: their streams ended, files put away.

A service that ran with more workers yesterday left slots that nobody may ever take again.
"""

from datetime import datetime

import structlog

from mlx_relay.sinks.log_file import Keeping, LogFile
from mlx_relay.sinks.log_names import LogNames
from mlx_relay.sinks.log_recovery import ends_of_lost, open_streams
from mlx_relay.sinks.log_slot import take_slot

_log = structlog.get_logger(__name__)


def settle_dead_slots(names: LogNames, keeping: Keeping, now: datetime) -> None:
    """Settle what can be settled; what the disk does not take is left for the next time."""
    for number in names.slots():
        try:
            if names.live(number).stat().st_size > 0:
                _settle(names, number, keeping, now)
        except FileNotFoundError:
            continue
        except OSError as error:
            _log.warning("log_slot_not_settled", slot=number, error=error.strerror)


def _settle(names: LogNames, number: int, keeping: Keeping, now: datetime) -> None:
    slot = take_slot(names, number)
    if slot is None:
        return
    try:
        file = LogFile(names, number, keeping, head=bytes)
        ends = ends_of_lost(open_streams(names.live(number)).values(), "killed", now)
        if ends:
            file.append(b"".join(end.data for end in ends), now)
        file.archive(now)
    finally:
        slot.release()
