"""Builds the extension over the Go core, and source distributions that carry the core.

In a checkout the core is ../ext/tasker_core; in an unpacked source distribution it is
./core, with its Go modules vendored, so that nothing is fetched.

The same sources, Python, Go and compiler give the same wheel, byte by byte, and the same
source distribution. For another processor set GOARCH and CC, and name the platform
(--config-setting=--build-option=--plat-name=...); ../rakelib/release/wheels.rb does.
"""

import gzip
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent / "ext" / "tasker_core"
CARRIED = HERE / "core"
LICENSES = HERE / "THIRD_PARTY_LICENSES"

# The time of every file in the archives: the first that a zip can hold.
os.environ.setdefault("SOURCE_DATE_EPOCH", "315532800")


def core() -> Path:
    """The folder of the core's sources."""
    for folder in (CARRIED, CHECKOUT):
        if (folder / "build_core.sh").is_file():
            return folder
    sys.exit(
        "tasker-core: the Go core is neither in core/ nor in ../ext/tasker_core; build from a checkout "
        "of the whole repository (pip >= 21.3), or from a source distribution"
    )


def third_party(form: str, file: Path, *options: str) -> None:
    """Writes the licences of the modules in the core, or their bill of materials."""
    command = ["sh", str(core() / "third_party.sh"), "-form", form, "-o", str(file.resolve()), *options]
    try:
        subprocess.run(command, check=True)
    except subprocess.CalledProcessError:
        sys.exit(
            f"tasker-core: {file.name} was not written; it needs the Go of core's go.mod and its modules "
            "(from its proxy, or vendored as in a source distribution)"
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
            core(),
            carried,
            ignore=shutil.ignore_patterns("*_test.go", "testdata", "*.rb", "tasker_core.c", "signals.*"),
        )
        if not (carried / "go" / "vendor").is_dir():
            go = os.environ.get("GO", "go")
            subprocess.run(
                [go, "mod", "vendor"], cwd=carried / "go", check=True, env={**os.environ, "GOWORK": "off"}
            )

    def make_archive(self, base_name, format, root_dir=None, base_dir=None, owner=None, group=None):
        """Packs a tar.gz without what differs from one machine or time to another."""
        if format != "gztar":
            return super().make_archive(base_name, format, root_dir, base_dir, owner, group)
        epoch = int(os.environ["SOURCE_DATE_EPOCH"])
        archive = Path(base_name + ".tar.gz")
        archive.parent.mkdir(parents=True, exist_ok=True)
        with (
            archive.open("wb") as packed,
            gzip.GzipFile("", "wb", mtime=epoch, fileobj=packed) as stream,
            tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar,
        ):
            for file in sorted(path for path in Path(base_dir).rglob("*") if path.is_file()):
                entry = tar.gettarinfo(file)
                entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = epoch, 0, 0, "", ""
                entry.mode = 0o755 if entry.mode & 0o100 else 0o644
                with file.open("rb") as content:
                    tar.addfile(entry, content)
        return str(archive)


class CarryMaterials(bdist_wheel):
    """Puts the bill of materials where PEP 770 has it."""

    def egg2dist(self, egginfo_path: str, distinfo_path: str) -> None:
        super().egg2dist(egginfo_path, distinfo_path)
        folder = Path(distinfo_path) / "sboms"
        folder.mkdir()
        name, version = self.distribution.get_name(), self.distribution.get_version()
        about = ("-name", name, "-version", version, "-purl", f"pkg:pypi/{name}@{version}")
        third_party("sbom", folder / "tasker_core.cdx.json", *about)


native = Extension(
    "tasker_core._native",
    sources=["src/tasker_core/_native.c", "src/tasker_core/_arrow.c"],
    depends=["src/tasker_core/_arrow.h"],
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
    # loads must not find the parent's runtime through the dynamic linker. Debug
    # information would name the folder of the build, and double the size.
    extra_link_args=[
        "-Wl,-Bsymbolic",
        "-Wl,--version-script=src/tasker_core/_native.map",
        "-Wl,-s",
        "-lpthread",
        "-lresolv",
    ],
)

# Before setup looks for the license-files of pyproject.toml.
third_party("licences", LICENSES)
setup(
    ext_modules=[native],
    cmdclass={"build_ext": BuildCore, "sdist": CarryCore, "bdist_wheel": CarryMaterials},
    options={"bdist_wheel": {"py_limited_api": "cp310"}},
)
