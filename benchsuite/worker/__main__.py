"""`python -m benchsuite.worker`: see `benchsuite.worker.serve`."""

from benchsuite.worker.serve import main

main()
