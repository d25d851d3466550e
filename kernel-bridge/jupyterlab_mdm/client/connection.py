"""Where a cluster is found. In: `mdm-NAME.json` in the Jupyter runtime folder, written by the Node side; out:
the way to its sockets. Whether a cluster still answers there is for the handshake to say (channel.py).
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import BadOptionError, NoClusterError, ProtocolMismatchError
from ..wire.messages import PROTOCOL_VERSION

_PREFIX, _SUFFIX = "mdm-", ".json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_OTHERS_MAY_READ = 0o077


@dataclass(frozen=True)
class Route:
    """A pair of endpoints; over TCP with the key that proves the cluster."""

    #: Requests go there.
    inbound: str
    #: Results come from there.
    outbound: str
    #: Z85, None for ipc.
    public_key: str | None = None


@dataclass(frozen=True)
class Connection:
    """What a connection file says."""

    path: Path
    version: str
    protocol: int
    name: str
    #: Random; tells a cluster from an older one of the same name.
    instance: str
    pid: int
    ipc: Route
    tcp: Route | None

    def route(self) -> Route:
        """Ipc where its socket file is there, else TCP with CURVE.

        Raises `NoClusterError` where neither is.
        """
        if os.path.exists(urlsplit(self.ipc.inbound).path):
            return self.ipc
        if self.tcp is not None:
            return self.tcp
        raise stale(self.name, self.path, "its sockets are gone")


def runtime_dir() -> Path:
    """The folder of the connection files."""
    from jupyter_core.paths import jupyter_runtime_dir

    return Path(jupyter_runtime_dir())


def cluster_names(folder: Path) -> list[str]:
    """Every name that has a connection file, whether its cluster answers or not; sorted."""
    if not folder.is_dir():
        return []
    found = (path.name for path in folder.glob(f"{_PREFIX}*{_SUFFIX}"))
    return sorted(name.removeprefix(_PREFIX).removesuffix(_SUFFIX) for name in found)


def read_connection(name: str, folder: Path | None = None) -> Connection:
    """The connection file of the cluster `name`.

    Raises `NoClusterError` where there is none that can be trusted, `ProtocolMismatchError` where the cluster
    speaks another protocol, `BadOptionError` where `name` can be no name.
    """
    check_name(name)
    folder = folder or runtime_dir()
    path = folder / f"{_PREFIX}{name}{_SUFFIX}"
    try:
        with path.open(encoding="utf8") as file:
            _refuse_shared(name, path, os.fstat(file.fileno()))
            text = file.read()
    except FileNotFoundError:
        raise _no_cluster(name, folder) from None
    except OSError as cause:
        raise NoClusterError(
            f"The connection file {path} cannot be read: {cause.strerror}.",
            remedy="Make it readable, or start the cluster again.",
            details={"name": name, "path": str(path)},
        ) from cause
    return _parse(name, path, text)


def check_name(name: str) -> None:
    """Raises `BadOptionError` where `name` could not be part of a file's name."""
    if not _NAME.fullmatch(name):
        raise BadOptionError(
            f"{name!r} cannot be the name of a cluster.",
            remedy="Use letters, digits, dots, dashes and underscores, at most 64.",
            details={"name": name},
        )


def stale(name: str, path: Path, why: str) -> NoClusterError:
    """The error for a file whose cluster is gone."""
    return NoClusterError(
        f"No cluster {name!r} answers: the connection file {path} is stale ({why}).",
        remedy=f"Start it again: mdm start --name {name}, or mdm.start(name={name!r}).",
        details={"name": name, "path": str(path)},
    )


def protocol_mismatch(name: str, theirs: int, version: str) -> ProtocolMismatchError:
    """The error that names both versions of the protocol."""
    return ProtocolMismatchError(
        f"This client speaks protocol {PROTOCOL_VERSION}, the cluster {name!r} (version {version}) protocol "
        f"{theirs}.",
        remedy="Restart the cluster and the kernel after an update, so that both run the same version.",
        details={"client": PROTOCOL_VERSION, "cluster": theirs, "version": version},
    )


def _no_cluster(name: str, folder: Path) -> NoClusterError:
    others = cluster_names(folder)
    there = f"There are: {', '.join(others)}." if others else "There is none of another name either."
    return NoClusterError(
        f"There is no cluster {name!r}. {there}",
        remedy=f"Start one: mdm start --name {name}, or mdm.start(name={name!r}).",
        details={"name": name, "there": others, "folder": str(folder)},
    )


def _refuse_shared(name: str, path: Path, stat: os.stat_result) -> None:
    """Whoever could write the file could send this user's data elsewhere."""
    if os.name != "posix":
        return
    if stat.st_uid == os.getuid() and not stat.st_mode & _OTHERS_MAY_READ:
        return
    raise NoClusterError(
        f"The connection file {path} is not private to you (owner {stat.st_uid}, mode "
        f"{stat.st_mode & 0o777:o}), so it is not trusted.",
        remedy="Remove it and start the cluster again; it is written with mode 600.",
        details={"name": name, "path": str(path)},
    )


def _parse(name: str, path: Path, text: str) -> Connection:
    try:
        document: dict[str, Any] = json.loads(text)
        protocol, version = int(document["protocol"]), str(document["version"])
        if protocol != PROTOCOL_VERSION:
            raise protocol_mismatch(name, protocol, version)
        tcp = document.get("tcp")
        return Connection(
            path=path,
            version=version,
            protocol=protocol,
            name=str(document["name"]),
            instance=str(document["instance"]),
            pid=int(document["pid"]),
            ipc=_route(document["endpoints"]),
            tcp=None if tcp is None else _route(tcp, str(tcp["public_key"])),
        )
    except (ValueError, KeyError, TypeError) as cause:
        raise NoClusterError(
            f"{path} is not a whole connection file.",
            remedy="Remove it and start the cluster again.",
            details={"name": name, "path": str(path)},
        ) from cause


def _route(document: dict[str, Any], public_key: str | None = None) -> Route:
    return Route(str(document["in"]), str(document["out"]), public_key)
