"""Entry point of `python -m localaws`."""

from localaws.cli import main

if __name__ == "__main__":
    main(prog_name="python -m localaws")
