"""Why a case did not end well: as data, beside the sentence that people read."""

from collections.abc import Mapping
from typing import Literal, get_args

Status = Literal["ok", "failed", "timeout", "oom", "unsupported", "skipped", "inconsistent"]

#: budget: nothing was left of it. interrupted: by a signal to the run. cut_short: the run itself
#:   was killed, or goes on.
_Skipped = Literal["budget", "interrupted", "cut_short"]
#: exception: something raised one. refused: benchsuite found that what it did, or what it
#:   answered, is against the contract. mismatch: it answers otherwise than the same network does
#:   in other backends.
_Failed = Literal["exception", "refused", "mismatch"]
#: not_started: the system started no process. exit, killed: its process ended by itself, or by a
#:   signal. no_thread: the system started no thread. flood: it printed more than a log may hold.
#:   invalid_message: something wrote to the harness's pipe.
_Broken = Literal["not_started", "exit", "killed", "no_thread", "flood", "invalid_message"]
#: unsupported: its backend cannot do what was asked. timeout: it took longer than it may.
#: out_of_memory: of the host or the device.
#: contradiction: found when its record was read, and in no file: the record contradicts itself.
Cause = Literal[
    "", "unsupported", "timeout", "out_of_memory", "contradiction", _Skipped, _Failed, _Broken
]

#: The status of a case that ended by each cause.
STATUS_BY_CAUSE: Mapping[Cause, Status] = {
    "": "ok",
    "unsupported": "unsupported",
    "timeout": "timeout",
    "out_of_memory": "oom",
    "contradiction": "inconsistent",
    **dict.fromkeys(get_args(_Skipped), "skipped"),
    **dict.fromkeys((*get_args(_Failed), *get_args(_Broken)), "failed"),
}
