"""`python -m vidcolor` is the command `vidcolor`."""

from vidcolor.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
