"""Code of a plugin: the public project it is built from, as its program says. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from podpath.model.gobuild import GoBuild

#: Project of the reference plugins, and the project of libcni with its package for plugins.
PLUGINS, LIBCNI = "containernetworking/plugins", "containernetworking/cni"
#: Name for that package among the plugins.
SKEL = "skel"
#: Beginning of the names of the package's functions.
SKEL_FUNCTIONS = f"github.com/{LIBCNI}/pkg/{SKEL}."

_HOST = "github.com/"
_UNKNOWN = ("", "(devel)", "unknown")
_BUILD_VERSION = re.compile(r"buildversion\.BuildVersion=([^\s'\"]+)")
_DEBIAN = "containernetworking-plugins "


@dataclass(frozen=True, slots=True)
class Code:
    """Part of a plugin's code that other programs share.

    Attributes:
        project: the project, as owner/name.
        plugin: the plugin of the project, or SKEL.
        version: its version without "v"; empty if the program does not say it.
    """

    project: str
    plugin: str
    version: str = ""

    def __str__(self) -> str:
        return f"{self.project} {self.version or 'of an unknown version'}"


@dataclass(frozen=True, slots=True)
class Origin:
    """Origin of a plugin's program.

    Attributes:
        package: Debian package and version; empty if no package has the program.
        checksum: beginning of its SHA-256 digest.
        codes: code that it is known to contain, or to call.
        is_script: True if it is a script, whose code is that of the programs that it calls.
    """

    package: str = ""
    checksum: str = ""
    codes: tuple[Code, ...] = field(default=())
    is_script: bool = False

    def __str__(self) -> str:
        if self.package:
            return self.package
        known = ", ".join(dict.fromkeys(str(c) for c in self.codes if c.plugin != SKEL))
        if self.is_script:
            known = f"a script that calls {known}" if known else "a script"
        return ", ".join(filter(None, (known, self.texts[-1])))

    @property
    def texts(self) -> tuple[str, ...]:
        """Texts that a deviation's pattern for the origin may match."""
        checksum = f"sha256 {self.checksum}"
        return (self.package, checksum) if self.package else (checksum,)


def like(plugin: str) -> Origin:
    """Return the origin of a program that is declared to be like a reference plugin, or SKEL."""
    skel = Code(LIBCNI, SKEL)
    return Origin(codes=(skel,) if plugin == SKEL else (Code(PLUGINS, plugin), skel))


def of(build: GoBuild, file: str, package: str = "") -> tuple[Code, ...]:
    """Return the code that a build contains.

    Args:
        build: build of the program.
        file: name of its file. A program with all plugins in one has the plugin's name.
        package: Debian package and version of the file; empty if none has it.
    """
    return (*_reference(build, file, package), *_skel(build))


def _reference(build: GoBuild, file: str, package: str) -> Iterable[Code]:
    module = f"{_HOST}{PLUGINS}"
    if build.package != module and not build.package.startswith(f"{module}/"):
        return
    in_project = build.package.startswith(f"{module}/plugins/")
    plugin = build.package.rpartition("/")[2] if in_project else file
    linked = _BUILD_VERSION.search(build.settings.get("-ldflags", ""))
    debian = re.split("[-+~]", package.removeprefix(_DEBIAN))[0]
    versions = (
        linked[1] if linked else "",
        build.versions.get(module, ""),
        debian if package.startswith(_DEBIAN) else "",
    )
    yield Code(PLUGINS, plugin, _known(versions))


def _skel(build: GoBuild) -> Iterable[Code]:
    if SKEL_FUNCTIONS in build.functions:
        yield Code(LIBCNI, SKEL, _known([build.versions.get(f"{_HOST}{LIBCNI}", "")]))


def _known(versions: Iterable[str]) -> str:
    return next((v.removeprefix("v") for v in versions if v not in _UNKNOWN), "")
