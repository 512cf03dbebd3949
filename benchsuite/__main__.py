"""`python -m benchsuite`."""

from benchsuite.cli import main

if __name__ == "__main__":
    main()
