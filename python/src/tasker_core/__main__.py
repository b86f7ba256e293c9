"""python -m tasker_core: the command line, as tasker-core."""

from .cli import main

if __name__ == "__main__":
    main()
