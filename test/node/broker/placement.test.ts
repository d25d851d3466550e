import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Placeable, placeChunk, type Seat, seatToKeep } from '../../../src/node/broker/placement.ts';
import { SMALL_PER_BULK } from '../../../src/node/broker/queue.ts';

const seat = (worker: number, with_: Partial<Seat> = {}): Seat => ({
  worker,
  open: true,
  models: new Set(['m']),
  inFlight: 0,
  quarantined: false,
  smallSinceBulk: 0,
  msPerRow: new Map(),
  ...with_
});
const bulk: Placeable = { model: 'm', small: false, suspect: false };
const small: Placeable = { ...bulk, small: true };
const suspect: Placeable = { ...bulk, suspect: true };

const cases: [name: string, chunk: Placeable, seats: Seat[], worker: number | null][] = [
  ['takes the lowest of equal workers', bulk, [seat(1), seat(0)], 0],
  ['takes the emptier worker', bulk, [seat(0, { inFlight: 1 }), seat(1)], 1],
  ['gives a second chunk to wait', bulk, [seat(0, { inFlight: 1 })], 0],
  ['gives no third bulk chunk', bulk, [seat(0, { inFlight: 2 })], null],
  ['gives a small chunk as the third', small, [seat(0, { inFlight: 2 })], 0],
  ['gives no fourth', small, [seat(0, { inFlight: 3 })], null],
  [
    'spares a worker whose bulk chunk was passed often enough',
    small,
    [seat(0, { inFlight: 1, smallSinceBulk: SMALL_PER_BULK }), seat(1, { inFlight: 2 })],
    1
  ],
  ['passes over a worker without the model', bulk, [seat(0, { models: new Set() }), seat(1)], 1],
  ['passes over a worker that is not open', bulk, [seat(0, { open: false }), seat(1)], 1],
  [
    'takes the faster of two idle workers',
    bulk,
    [seat(0, { msPerRow: new Map([['m', 2]]) }), seat(1, { msPerRow: new Map([['m', 1]]) })],
    1
  ],
  ['gives a suspect chunk to an idle worker only', suspect, [seat(0, { inFlight: 1 }), seat(1)], 1],
  ['lets a suspect chunk wait for an idle worker', suspect, [seat(0, { inFlight: 1 })], null],
  ['gives nothing beside a suspect chunk', small, [seat(0, { inFlight: 1, quarantined: true })], null],
  ['finds no seat where there is none', bulk, [], null]
];

describe('placement', () => {
  for (const [name, chunk, seats, worker] of cases) {
    it(name, () => assert.equal(placeChunk(chunk, seats)?.worker ?? null, worker));
  }
});

describe('the seat that is kept for a suspect chunk', () => {
  const kept: [name: string, seats: Seat[], worker: number | null][] = [
    ['is the one nearest to empty', [seat(0, { inFlight: 2 }), seat(1, { inFlight: 1 })], 1],
    ['is none that holds another suspect', [seat(0, { quarantined: true }), seat(1, { inFlight: 2 })], 1],
    ['is none without the model', [seat(0, { models: new Set() })], null]
  ];
  for (const [name, seats, worker] of kept) {
    it(name, () => assert.equal(seatToKeep('m', seats)?.worker ?? null, worker));
  }
});
