"""The version of the wheel, the gem and the core: they are built from the same commit."""

VERSION = "0.1.0"
