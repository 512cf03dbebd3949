"""The launcher of a run, which may name none."""

from contextlib import closing

from benchsuite.hooks import Plugins
from benchsuite.planning.spec import RunSpec
from benchsuite.processes.launcher import Launcher
from benchsuite.processes.local import LocalLauncher


def launched(given: Launcher | None, spec: RunSpec, plugins: Plugins) -> closing[Launcher]:
    """The one that is given, or this machine's, under the run's limit; closed in the end."""
    return closing(given or LocalLauncher(plugins, memory_limit_bytes=spec.memory_limit_bytes))
