"""Builds the extension over the Go core, and source distributions that carry the core.

In a checkout the core is ../ext/tasker_core; in an unpacked source distribution it is
./core, with its Go modules vendored, so that nothing is fetched.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent / "ext" / "tasker_core"
CARRIED = HERE / "core"


def core() -> Path:
    """The folder of the core's sources."""
    for folder in (CARRIED, CHECKOUT):
        if (folder / "build_core.sh").is_file():
            return folder
    sys.exit(
        "tasker-core: the Go core is neither in core/ nor in ../ext/tasker_core; build from a checkout "
        "of the whole repository (pip >= 21.3), or from a source distribution"
    )


class BuildCore(build_ext):
    """Compiles the Go core to an archive before the extension that links it."""

    def build_extension(self, ext: Extension) -> None:
        source = core()
        archive = Path(self.build_temp).resolve() / "libtasker_core_go.a"
        archive.parent.mkdir(parents=True, exist_ok=True)
        try:
            subprocess.run(["sh", str(source / "build_core.sh"), str(archive)], check=True)
        except subprocess.CalledProcessError:
            sys.exit(
                "tasker-core: the Go core was not built; it needs the Go of core's go.mod and a C compiler"
            )
        ext.include_dirs.append(str(source / "include"))
        ext.extra_objects.append(str(archive))
        ext.depends.append(str(archive))
        super().build_extension(ext)


class CarryCore(sdist):
    """Puts the core with its vendored modules into the source distribution."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        super().make_release_tree(base_dir, files)
        carried = Path(base_dir) / "core"
        shutil.rmtree(carried, ignore_errors=True)
        shutil.copytree(
            core(), carried, ignore=shutil.ignore_patterns("*_test.go", "testdata", "*.rb", "tasker_core.c")
        )
        if not (carried / "go" / "vendor").is_dir():
            go = os.environ.get("GO", "go")
            subprocess.run(
                [go, "mod", "vendor"], cwd=carried / "go", check=True, env={**os.environ, "GOWORK": "off"}
            )


native = Extension(
    "tasker_core._native",
    sources=["src/tasker_core/_native.c"],
    define_macros=[("Py_LIMITED_API", "0x030A0000")],
    py_limited_api=True,
    extra_compile_args=[
        "-std=gnu11",
        "-O2",
        "-Wall",
        "-Wextra",
        "-Wno-unused-parameter",
        "-fvisibility=hidden",
    ],
    # The archive's symbols stay private: a copy of the extension that a forked child
    # loads must not find the parent's runtime through the dynamic linker.
    extra_link_args=["-Wl,-Bsymbolic", "-Wl,--exclude-libs,ALL", "-lpthread", "-lresolv"],
)

setup(
    ext_modules=[native],
    cmdclass={"build_ext": BuildCore, "sdist": CarryCore},
    options={"bdist_wheel": {"py_limited_api": "cp310"}},
)
