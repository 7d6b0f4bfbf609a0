"""`python -m streams` is `koubei`."""

from streams.cli import main

if __name__ == "__main__":
    main()
