"""`python -m benchsuite`: the same as the command `benchsuite`."""

import sys

if __name__ == "__main__":
    # The command looks for no module in the working directory; `-m` does, first of all.
    if not getattr(sys.flags, "safe_path", False):  # of Python 3.11
        del sys.path[0]
    from benchsuite.cli import main

    main()
