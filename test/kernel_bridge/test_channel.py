"""The handshake, the loss of a broker, and what travels between the two."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
import zmq
from fake_broker import PATIENCE_S, FakeBroker

import jupyterlab_mdm as mdm
from jupyterlab_mdm.client.channel import Channel
from jupyterlab_mdm.client.connection import read_connection
from jupyterlab_mdm.client.sockets import Bell
from jupyterlab_mdm.wire import messages


class Ends:
    """What a channel told its user."""

    def __init__(self):
        self.received, self.lost = [], []
        self.channel = Channel(
            read_connection("default"), messages.ClientInfo("test", "0", 1), self._receive, self._lose
        )
        self.has_received, self.is_lost = threading.Event(), threading.Event()

    def _receive(self, received):
        self.received.append(received)
        self.has_received.set()

    def _lose(self, error):
        self.lost.append(error)
        self.is_lost.set()


@pytest.fixture
def ends(broker):
    ends = Ends()
    yield ends
    ends.channel.close()


def test_both_sockets_say_hello_and_the_broker_is_known_then(broker, ends):
    welcome = ends.channel.open()
    assert (welcome.name, welcome.instance, welcome.num_worker) == ("default", "instance-1", 2)
    hellos = broker.wait_for(messages.Hello, 2)
    assert hellos == [messages.Hello(1, messages.ClientInfo("test", "0", 1))] * 2


@pytest.mark.skipif(not zmq.has("curve"), reason="libzmq without CURVE")
def test_over_tcp_the_cluster_is_known_by_its_key(runtime):
    broker = FakeBroker(runtime, tcp=True)
    with mdm.connect() as cluster:
        assert cluster.status() == {"name": "default"}
    broker.stop()


@pytest.mark.skipif(not zmq.has("curve"), reason="libzmq without CURVE")
def test_over_tcp_another_key_is_no_cluster(runtime):
    broker = FakeBroker(runtime, tcp=True)
    other, _ = zmq.curve_keypair()
    broker.path.write_text(broker.path.read_text().replace(broker.public_key, other.decode()))
    with pytest.raises(mdm.NoClusterError, match="stale"):
        mdm.connect()
    broker.stop()


def test_a_broker_that_does_not_answer_is_no_cluster(broker, ends):
    broker.welcomes = False
    with pytest.raises(mdm.NoClusterError, match=r"stale \(no answer within 0.05 s\)"):
        ends.channel.open(timeout=0.05)


def test_a_file_whose_broker_was_killed_is_stale_at_once(broker):
    text = broker.path.read_text()
    broker.stop()
    broker.path.touch(0o600)
    broker.path.write_text(text)
    for endpoint in read_connection("default").ipc.inbound, read_connection("default").ipc.outbound:
        left = Path(endpoint.removeprefix("ipc://"))
        left.parent.mkdir(exist_ok=True)
        left.touch()
    with pytest.raises(mdm.NoClusterError, match=r"stale \(nobody answers\)"):
        mdm.connect()
    broker.path.unlink()
    shutil.rmtree(left.parent)


def test_another_instance_behind_the_file_is_not_that_cluster(broker, ends):
    broker.instance = "instance-2"
    with pytest.raises(mdm.NoClusterError, match="another cluster answers"):
        ends.channel.open()


def test_another_protocol_is_refused_naming_both(broker, ends):
    broker.protocol = 3
    with pytest.raises(mdm.ProtocolMismatchError, match=r"protocol 1, .* protocol 3"):
        ends.channel.open()


def test_a_broker_that_refuses_the_hello_is_heard(broker, ends):
    broker.welcomes = False
    refusal = mdm.ProtocolMismatchError("Yours is 1, mine is 3.")
    broker._greet = lambda client: (
        setattr(broker, "_client", client),
        broker._out.send_multipart([client, messages.encode(messages.Error(None, None, refusal))]),
    )
    with pytest.raises(mdm.ProtocolMismatchError, match="Yours is 1, mine is 3"):
        ends.channel.open()


def test_a_broker_that_goes_away_is_lost_once_after_what_it_sent(broker, ends):
    ends.channel.open()
    for index in range(100):
        broker.send(messages.Credit("a", index))
    broker.send(messages.Credit("a", 100))
    ends.channel.send(messages.Terminate("r", "now", 0))
    assert ends.is_lost.wait(PATIENCE_S)
    assert [type(error) for error in ends.lost] == [mdm.ClusterLostError]
    assert len([each for each in ends.received if isinstance(each.message, messages.Credit)]) == 101
    assert isinstance(ends.received[-1].message, messages.Reply)
    with pytest.raises(mdm.ClusterLostError, match="went away"):
        ends.channel.send(messages.Cancel("a"))


def test_what_a_broker_sent_before_it_went_is_there_though_nobody_had_read_it(broker, ends):
    def receive(received):
        broker._thread.join(PATIENCE_S)
        ends.received.append(received)

    ends.channel._receive = receive
    ends.channel.open()
    for index in range(500):
        broker.send(messages.Credit("a", index))
    broker.stop()
    assert ends.is_lost.wait(PATIENCE_S)
    assert len(ends.received) == 500


@pytest.mark.parametrize(
    ("frames", "error"),
    [([b"{"], mdm.BadMessageError), ([b'{"op":"credit","run":"a","chunks":"x"}'], mdm.BadMessageError)],
)
def test_a_broker_that_breaks_the_protocol_is_lost(broker, ends, frames, error):
    ends.channel.open()
    broker._todo.append(lambda: broker._out.send_multipart([broker._client, *frames]))
    broker._bell.ring()
    assert ends.is_lost.wait(PATIENCE_S)
    assert [type(each) for each in ends.lost] == [error]


def test_a_callback_that_raises_ends_the_channel_but_leaves_nobody_waiting(broker, ends, monkeypatch):
    raised = []
    monkeypatch.setattr(threading, "excepthook", raised.append)

    def receive(received):
        raise RuntimeError("a bug")

    ends.channel._receive = receive
    ends.channel.open()
    broker.send(messages.Credit("a", 1))
    assert ends.is_lost.wait(PATIENCE_S)
    assert isinstance(ends.lost[0], mdm.ClusterLostError)


def test_closing_twice_is_closing_once(broker, ends):
    ends.channel.open()
    ends.channel.close()
    ends.channel.close()
    with pytest.raises(mdm.ClusterLostError, match="closed"):
        ends.channel.send(messages.Cancel("a"))
    assert len(ends.lost) == 1


@pytest.mark.parametrize("size", [0, 1, 1 << 16, (1 << 22) + 3])
def test_payloads_of_any_size_come_as_they_were_sent(broker, ends, size):
    ends.channel.open()
    payload = bytes(range(256)) * (size // 256) + bytes(size % 256)
    got = []
    broker.answer = lambda message, frames: (
        got.extend(frames)
        or [(messages.ChunkDone("a", 0, 1, 0, 0, 0, "cpu", {}, messages.At(0, 0, 0)), frames)]
    )
    ends.channel.send(messages.Chunk("a", 0, 0, 0), [memoryview(payload)])
    assert ends.has_received.wait(PATIENCE_S)
    assert bytes(got[0]) == payload
    assert bytes(ends.received[0].payload[0]) == payload


def test_no_ring_of_a_bell_is_lost_however_many_threads_ring():
    bell, rung, heard = Bell(), [], 0
    poller = zmq.Poller()
    poller.register(bell, zmq.POLLIN)

    def ring():
        for _ in range(2000):
            rung.append(1)
            bell.ring()

    threads = [threading.Thread(target=ring) for _ in range(4)]
    for thread in threads:
        thread.start()
    while heard < 8000:
        assert poller.poll(PATIENCE_S * 1000), "a ring was lost"
        bell.hush()
        while rung:
            rung.pop()
            heard += 1
    for thread in threads:
        thread.join()
    bell.close()
    bell.ring()
