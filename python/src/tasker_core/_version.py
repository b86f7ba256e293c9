"""The version of the wheel, of the gem and of the core: they are built from one commit."""

VERSION = "0.1.0"
