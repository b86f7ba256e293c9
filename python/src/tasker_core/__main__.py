"""The command line: python -m tasker_core is the same as tasker-core."""

from .cli import main

if __name__ == "__main__":
    main()
