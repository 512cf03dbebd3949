"""Why a case did not end well: as data, beside the sentence that people read."""

from collections.abc import Mapping
from typing import Literal

Status = Literal["ok", "failed", "timeout", "oom", "unsupported", "skipped"]

#: budget: nothing was left of it. interrupted: by a signal to the run. cut_short: the run itself
#:   was killed, or goes on.
#: unsupported: its backend cannot do what was asked.
#: timeout: it took longer than it may. out_of_memory: of the host or the device.
#: exception: something raised one. refused: benchsuite found that what it did, or what it
#:   answered, is against the contract. mismatch: it answers otherwise than the same network does
#:   in other backends.
#: not_started: the system started no process. exit, killed: its process ended by itself, or by a
#:   signal. no_thread: the system started no thread. flood: it printed more than a log may hold.
#:   invalid_message: something wrote to the harness's pipe.
Cause = Literal[
    "",
    "budget",
    "interrupted",
    "cut_short",
    "unsupported",
    "timeout",
    "out_of_memory",
    "exception",
    "refused",
    "mismatch",
    "not_started",
    "exit",
    "killed",
    "no_thread",
    "flood",
    "invalid_message",
]

#: The status of a case that ended by each cause.
STATUS_BY_CAUSE: Mapping[Cause, Status] = {
    "": "ok",
    "budget": "skipped",
    "interrupted": "skipped",
    "cut_short": "skipped",
    "unsupported": "unsupported",
    "timeout": "timeout",
    "out_of_memory": "oom",
    "exception": "failed",
    "refused": "failed",
    "mismatch": "failed",
    "not_started": "failed",
    "exit": "failed",
    "killed": "failed",
    "no_thread": "failed",
    "flood": "failed",
    "invalid_message": "failed",
}
