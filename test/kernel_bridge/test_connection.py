"""Connection files: found, trusted, refused."""

from __future__ import annotations

import json
import os

import pytest

from jupyterlab_mdm.client.connection import Route, cluster_names, read_connection
from jupyterlab_mdm.errors import BadOptionError, NoClusterError, ProtocolMismatchError

IN, OUT = "ipc:///nowhere/in", "ipc:///nowhere/out"


def document(**changes):
    return {
        "version": "0.1.0",
        "protocol": 1,
        "name": "default",
        "instance": "abc",
        "pid": 42,
        "endpoints": {"in": IN, "out": OUT},
        "tcp": None,
        **changes,
    }


def write(folder, content, name="default", mode=0o600):
    path = folder / f"mdm-{name}.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    path.chmod(mode)
    return path


def test_a_connection_file_says_where_the_cluster_is(runtime):
    path = write(runtime, document())
    connection = read_connection("default")
    assert (connection.path, connection.name, connection.instance, connection.pid) == (
        path,
        "default",
        "abc",
        42,
    )
    assert connection.ipc == Route(IN, OUT)


def test_ipc_is_used_where_its_socket_is_there(runtime):
    socket = runtime / "in"
    socket.touch()
    ipc = {"in": f"ipc://{socket}", "out": "ipc:///there/out"}
    tcp = {"in": "tcp://127.0.0.1:5555", "out": "tcp://127.0.0.1:5556", "public_key": "k" * 40}
    write(runtime, document(endpoints=ipc, tcp=tcp))
    assert read_connection("default").route() == Route(ipc["in"], ipc["out"])


def test_tcp_with_its_key_is_used_where_no_socket_is_there(runtime):
    tcp = {"in": "tcp://127.0.0.1:5555", "out": "tcp://127.0.0.1:5556", "public_key": "k" * 40}
    write(runtime, document(tcp=tcp))
    assert read_connection("default").route() == Route(tcp["in"], tcp["out"], "k" * 40)


def test_a_file_without_sockets_is_stale(runtime):
    write(runtime, document())
    with pytest.raises(NoClusterError, match=r"stale.*mdm start --name default"):
        read_connection("default").route()


def test_without_a_cluster_the_error_names_those_that_are_there_and_how_to_start_one(runtime):
    for name in ("night", "morning"):
        write(runtime, document(), name)
    with pytest.raises(
        NoClusterError, match=r"There are: morning, night\. Start one: mdm start --name noon"
    ) as raised:
        read_connection("noon")
    assert raised.value.details["there"] == ["morning", "night"]
    assert cluster_names(runtime) == ["morning", "night"]


def test_without_any_cluster_the_error_says_so(tmp_path):
    with pytest.raises(NoClusterError, match="none of another name"):
        read_connection("default", tmp_path / "not there")


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660, 0o644])
def test_a_file_that_others_may_read_or_write_is_not_trusted(runtime, mode):
    write(runtime, document(), mode=mode)
    with pytest.raises(NoClusterError, match="not private to you"):
        read_connection("default")


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root may give a file away")
def test_a_file_of_somebody_else_is_not_trusted(runtime):
    os.chown(write(runtime, document()), 12345, -1)
    with pytest.raises(NoClusterError, match="not private to you"):
        read_connection("default")


def test_another_protocol_is_refused_naming_both(runtime):
    write(runtime, document(protocol=7, version="9.0.0"))
    with pytest.raises(
        ProtocolMismatchError, match=r"protocol 1, the cluster 'default' \(version 9.0.0\) protocol 7"
    ):
        read_connection("default")


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"protocol": "x"}', json.dumps(document(endpoints=None))]
)
def test_half_a_file_is_no_connection_file(runtime, content):
    write(runtime, content)
    with pytest.raises(NoClusterError, match="not a whole connection file"):
        read_connection("default")


@pytest.mark.parametrize("name", ["", "../secret", "a/b", ".hidden", "a" * 65, "a b", "a\0b"])
def test_a_name_that_would_leave_the_folder_is_refused(runtime, name):
    with pytest.raises(BadOptionError, match="cannot be the name"):
        read_connection(name)
