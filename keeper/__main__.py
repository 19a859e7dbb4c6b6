"""`python -m keeper` is `keeper`."""

from keeper.cli import main

if __name__ == "__main__":
    main()
