"""Requests and their answers."""

from __future__ import annotations

import threading

import pytest
from fake_broker import PATIENCE_S

import jupyterlab_mdm as mdm
from jupyterlab_mdm.client.connection import read_connection
from jupyterlab_mdm.client.link import Link
from jupyterlab_mdm.client.request import client_info
from jupyterlab_mdm.wire import messages


@pytest.fixture
def link(broker):
    link = Link(read_connection("default"), client_info())
    link.open()
    yield link
    link.close()


def test_an_answer_goes_to_the_one_who_asked_whatever_order_answers_come_in(broker, link):
    asked = []

    def answer(message, payload):
        asked.append(message)
        replies = [(messages.Reply(each.request, {"for": each.request}), ()) for each in reversed(asked)]
        return replies if len(asked) == 3 else []

    broker.answer = answer
    got = {}

    def ask(name):
        got[name] = link.ask(messages.Status(name), PATIENCE_S)

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("a", "b", "c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert got == {name: {"for": name} for name in ("a", "b", "c")}


def test_a_late_answer_answers_nobody_else(broker, link):
    broker.answer = lambda message, payload: []
    with pytest.raises(mdm.MdmTimeoutError, match=r'did not answer "status" within 0\.01 s'):
        link.ask(messages.Status("first"), 0.01)
    broker.wait_for(messages.Status)
    broker.send(messages.Reply("first", {"late": True}))
    broker.answer = lambda message, payload: None
    assert link.ask(messages.Status("second"), PATIENCE_S) == {"name": "default"}


def test_a_refusal_is_raised_as_what_it_is(broker, link):
    broker.answer = lambda message, payload: broker.refuse(message, mdm.BadOptionError("Not so many."))
    with pytest.raises(ValueError, match="Not so many"):
        link.ask(messages.Scale("r", 10_000), PATIENCE_S)


def test_a_deadline_that_the_broker_answers_is_not_taken_for_its_silence(broker, link):
    broker.answer = lambda message, payload: broker.refuse(message, mdm.DeadlineError("Too late."))
    with pytest.raises(mdm.DeadlineError, match="Too late"):
        link.ask(messages.Load("r", "m"), PATIENCE_S)


def test_a_request_under_way_hears_of_a_lost_broker(broker, link):
    broker.answer = lambda message, payload: []
    failed = []

    def ask():
        try:
            link.ask(messages.Status("r"), PATIENCE_S)
        except mdm.ClusterLostError as error:
            failed.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    broker.wait_for(messages.Status)
    broker.stop()
    thread.join(PATIENCE_S)
    assert len(failed) == 1


def test_messages_of_a_run_that_is_not_known_are_ignored(broker, link):
    broker.send(messages.Credit("nobody", 1))
    broker.send(messages.Error(None, "nobody", mdm.MdmError("?")))
    assert link.ask(messages.Status("r"), PATIENCE_S) == {"name": "default"}
