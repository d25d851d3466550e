/**
 * Import first in a process that passes large messages on. V8 sees their memory as external and starts to mark its
 * small heap again and again, a fifth of the broker's time at 600 chunks of 165 kB; collecting only when it must
 * costs two pauses of 17 ms instead. Measured: 1.1 → 0.7 ms of CPU a chunk.
 */
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--no-incremental-marking');
