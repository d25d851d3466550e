"""A cluster as its user has it. In: models and frames; out: runs, predictions, and what the cluster says."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from ..errors import ClusterLostError, MdmTimeoutError
from ..frame.source import open_source
from ..wire.messages import Cancel, Load, Scale, Status, Terminate, Unload
from .connection import Connection, read_connection
from .course import Course
from .feed import feed
from .link import Link, new_id
from .request import checked_batch, checked_params, checked_seconds, client_info, model_path, model_version
from .run import Frame, Run
from .run_spec import RunSpec
from .server_process import ServerProcess, start_arguments

REQUEST_S = 10.0
LOAD_S = 120.0
TERMINATE_S = 30.0
#: Beyond a limit that the cluster keeps itself: its answer has to come back.
_MARGIN_S = 5.0


def start(
    num_worker: int | None = None, name: str = "default", *, detach: bool = False, **options: object
) -> Cluster:
    """Starts a cluster and connects to it.

    `options` are those of `mdm start`, in snake_case. The cluster ends with this process, or at the end of
    its `with` block; with `detach=True` it outlives both, until somebody terminates it.

    Raises `ClusterExistsError`, `BadOptionError`, `DeviceNotThereError`, `PortTakenError`,
    `WorkerCannotStartError`, `MdmTimeoutError`.
    """
    server = ServerProcess(start_arguments(name, num_worker, options), detach=detach)
    try:
        server.wait_until_ready()
        return Cluster(read_connection(name), server)
    except BaseException:
        server.kill()
        raise


def connect(name: str = "default") -> Cluster:
    """Connects to the cluster of that name, which runs already.

    Raises `NoClusterError` where none answers, `ProtocolMismatchError` where it is of another version.
    """
    return Cluster(read_connection(name))


class Cluster:
    """A connection to a cluster; made by `start` and `connect`. Any number of threads may use one.

    After a fork the child connects anew when it first uses it. As a context manager it terminates a cluster
    that `start` started, and only closes the connection to others.
    """

    def __init__(self, connection: Connection, server: ServerProcess | None = None) -> None:
        self._connection = connection
        self._server = server
        self._owner = os.getpid()
        self._reconnecting = threading.Lock()
        link = _open(connection)
        self._links = [link]
        # Also at the end of the interpreter, so that neither the connection nor the cluster outlives it.
        self._release = weakref.finalize(self, _release, self._links, server)

    @property
    def name(self) -> str:
        """As in `mdm start --name`."""
        return self._connection.name

    @property
    def instance(self) -> str:
        """Another one under the same name is another cluster."""
        return self._connection.instance

    def __repr__(self) -> str:
        return f"<Cluster {self.name}>"

    # --- predictions ----------------------------------------------------------------------------------

    def predict(
        self,
        model: str | os.PathLike[str],
        frame: object,
        *,
        params: Mapping[str, object] | None = None,
        fill: object | None = None,
        batch: int | None = None,
        timeout: float | None = None,
        load_timeout: float = LOAD_S,
    ) -> Frame:
        """The model's outputs for every row of the frame, in its order and of its kind.

        As `submit` and `Run.result`; but a run that takes longer than `timeout` seconds is cancelled, and
        `MdmTimeoutError` raised. An interrupt cancels it too.
        """
        run = self.submit(model, frame, params=params, fill=fill, batch=batch, load_timeout=load_timeout)
        try:
            return run.result(timeout)
        except MdmTimeoutError:
            run.cancel()
            raise

    def submit(
        self,
        model: str | os.PathLike[str],
        frame: object,
        *,
        params: Mapping[str, object] | None = None,
        fill: object | None = None,
        batch: int | None = None,
        timeout: float | None = None,
        label: str | None = None,
        load_timeout: float = LOAD_S,
    ) -> Run:
        """Starts a prediction and returns its run at once.

        `params` go to the model script, `fill` takes the place of nulls, `batch` fixes the rows of a chunk,
        `label` is what you call the result. The run fails with `DeadlineError` after `timeout` seconds; the
        model may take `load_timeout` of them to load. Raises `FrameInvalidError`, `BadOptionError`,
        `ClusterLostError`; what goes wrong later, the run raises.
        """
        source = open_source(frame)
        path = model_path(model)
        spec = RunSpec(
            model=os.fspath(model),
            path=path,
            version=model_version(path),
            params=checked_params(params),
            fill=fill,
            batch=checked_batch(batch),
            label=label,
            deadline_s=None if timeout is None else checked_seconds("timeout", timeout),
            load_timeout_s=checked_seconds("load_timeout", load_timeout),
        )
        course = Course(self._link(), spec, source.rows)
        run = Run(course, source, self)
        try:
            course.submit()
            feeding = (course, source, spec.params, fill)
            if course.is_brief:
                # A thread would take longer to start than the few rows to leave.
                feed(*feeding)
            else:
                threading.Thread(target=feed, args=feeding, name=f"mdm-feed-{run.id}", daemon=True).start()
        except BaseException:
            # An interrupt, say: nobody has the run, so nobody could end it.
            course.cancel()
            raise
        return run

    # --- control --------------------------------------------------------------------------------------

    def status(self, timeout: float = REQUEST_S) -> dict[str, Any]:
        """The document of `mdm status --json`: broker, workers, models, runs, queue."""
        return self._link().ask(Status(new_id()), timeout)

    def scale(self, num_worker: int, timeout: float = TERMINATE_S) -> dict[str, Any]:
        """Changes the number of workers; runs go on."""
        return self._link().ask(Scale(new_id(), num_worker), timeout)

    def load(self, model: str | os.PathLike[str], timeout: float = LOAD_S) -> dict[str, Any]:
        """Has the workers load a model before its first run. Raises `ModelNotFoundError` …"""
        return self._link().ask(Load(new_id(), model_path(model)), timeout)

    def unload(self, model: str | os.PathLike[str], timeout: float = REQUEST_S) -> dict[str, Any]:
        """Has the workers let go of a model."""
        return self._link().ask(Unload(new_id(), model_path(model)), timeout)

    def cancel(self, run: str) -> None:
        """Cancels the run with that id, whoever submitted it; does nothing where it has ended."""
        self._link().send(Cancel(run))

    def terminate(self, now: bool = False, timeout: float = TERMINATE_S) -> None:
        """Ends the cluster, and waits for it: after its runs, or `now`, which cancels them.

        Runs that have not ended within `timeout` seconds are cancelled too. Raises `MdmTimeoutError` where
        the cluster does not answer (one that was started here is killed instead).
        """
        link = self._link()
        request = Terminate(new_id(), "now" if now else "drain", timeout * 1e3)
        lost_before = link.wait_for_end(0)
        try:
            link.ask(request, timeout + _MARGIN_S)
            link.wait_for_end(_MARGIN_S)
        except ClusterLostError:
            # Gone before its answer came here: ended, as it was asked to.
            if lost_before:
                raise
        except MdmTimeoutError:
            if self._server is None or self._server.is_detached:
                raise
        finally:
            self.close()
        if self._server is not None:
            self._server.finish()

    def close(self) -> None:
        """Closes the connection; a cluster that this process started, and did not detach, ends by that."""
        self._release()

    def __enter__(self) -> Self:
        """Nothing to do before."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Terminates or closes; runs of a block that raised are not waited for."""
        mine = self._server is not None and not self._server.is_detached and self._owner == os.getpid()
        if mine and self._release.alive:
            # One that went away by itself has ended, which is what is wanted here.
            with suppress(ClusterLostError):
                self.terminate(now=error is not None)
        self.close()

    # --------------------------------------------------------------------------------------------------

    def _link(self) -> Link:
        link = self._links[0]
        if link.is_ours or not self._release.alive:
            return link
        with self._reconnecting:
            if not self._links[0].is_ours:
                self._links[0] = _open(self._connection)
            return self._links[0]


def _open(connection: Connection) -> Link:
    link = Link(connection, client_info())
    link.open()
    return link


def _release(links: list[Link], server: ServerProcess | None) -> None:
    links[0].close()
    if server is not None:
        server.close()
