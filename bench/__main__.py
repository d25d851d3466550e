"""`python -m bench`, or `npm run bench`: measures, prints, and keeps the figures in bench-results/."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from .clock import say
from .machine import machine
from .measure import measure
from .peers import BASELINE, OURS, PEERS, Peer
from .report import readme, text, wrong_outputs
from .results import Results, WorkloadResult, from_document, to_document
from .workloads import WORKLOADS, make

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "bench"
RESULTS = ROOT / "bench-results"
ASKED = ("flights", "mlp")
RESTED = "mlp"


def main(arguments: list[str]) -> int:
    """Exit code: 1 where an output is wrong."""
    options = _parse(arguments)
    if options.results is not None:
        results = from_document(json.loads(options.results.read_text()))
    else:
        # Engines and actors import this package too, wherever they are started.
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        results = _measure(options)
        _keep(results)
    sys.stdout.write((readme(results) if options.markdown else text(results)) + "\n")
    wrong = wrong_outputs(results)
    for line in wrong:
        say(f"wrong output: {line}")
    return 1 if wrong else 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench", description="Ours and the others one could use instead, side by side, on real work."
    )
    peers = [peer.key for peer in PEERS]
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS), metavar="NAME")
    parser.add_argument(
        "--peers", nargs="+", choices=peers, default=peers, metavar="NAME", help=", ".join(peers)
    )
    parser.add_argument("--rounds", type=_positive, help="runs of each peer (5; quick: 2)")
    parser.add_argument("--workers", type=_positive, default=2, help="processes of each peer (2)")
    parser.add_argument("--chunk-rows", type=_positive, help="rows a chunk of every peer but ours")
    parser.add_argument("--quick", action="store_true", help="small sizes: shows only that everything works")
    parser.add_argument("--markdown", action="store_true", help="print the tables of the README")
    parser.add_argument(
        "--results", type=Path, metavar="FILE", help="of an earlier run, instead of measuring"
    )
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


def _measure(options: argparse.Namespace) -> Results:
    quick, workers = options.quick, options.workers
    rounds = options.rounds or (2 if quick else 5)
    peers = [peer for peer in PEERS if peer.key in options.peers or peer == BASELINE]
    results = Results(machine(), quick, rounds, workers, [])
    for key in options.workloads:
        results.workloads.append(_measure_one(key, peers, rounds, options))
    if OURS not in peers:
        return results
    from . import own

    return replace(
        results,
        start_s=own.start_seconds(1 if quick else 5, workers),
        idle=own.rest(make(RESTED, CACHE, quick=quick), 3 if quick else 20, workers),
    )


def _measure_one(key: str, peers: list[Peer], rounds: int, options: argparse.Namespace) -> WorkloadResult:
    workload = make(key, CACHE, quick=options.quick)
    if options.chunk_rows:
        workload = replace(workload, chunk_rows=options.chunk_rows)
    measured, reference = measure(workload, peers, rounds, options.workers)
    if OURS not in peers:
        return measured
    from . import own

    count = 50 if options.quick else 300
    return replace(
        measured,
        streamed=own.stream(workload, reference, rounds, options.workers),
        requests=own.ask(workload, reference, count, options.workers) if key in ASKED else None,
    )


def _keep(results: Results) -> None:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%SZ}.json"
    path.write_text(json.dumps(to_document(results), indent=2, allow_nan=False) + "\n")
    say(f"the figures are in {path.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
