"""So many processes of each case, with the windows of the protocol `full`, for `power.py`.

python tests/instrument/collect.py --archs lenet5,cnn_basic --rounds 20 --results results
"""

import argparse

import msgspec

from benchsuite.cli.progress import progress
from benchsuite.hooks import load_plugins
from benchsuite.measure import protocol
from benchsuite.orchestration import orchestrate
from benchsuite.planning import make_spec


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--archs", required=True)
    parser.add_argument("--backends", default="torch,keras-tensorflow")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--results", default="results")
    asked = parser.parse_args()
    # one rung: the protocol's own processes, however soon they would have been enough
    protocol.PROTOCOLS["full-1"] = msgspec.structs.replace(
        protocol.FULL, rounds=(asked.rounds,), budget_s=float("inf"), thorough=False
    )
    spec = make_spec(
        {
            "archs": asked.archs.split(","),
            "backends": asked.backends.split(","),
            "protocol": "full",
            "epochs": 1,
            "results": asked.results,
        }
    )
    with progress() as observer:
        print(orchestrate(spec, load_plugins(), observer).folder)


if __name__ == "__main__":
    main()
