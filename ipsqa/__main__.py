"""`python -m ipsqa`: the commands."""

from ipsqa.cli import main

if __name__ == "__main__":
    main()
