import { execFile, spawnSync } from 'node:child_process';
import { openSync, read, writeSync } from 'node:fs';
import { Chance } from '../chance.ts';
import { type Survival, WriteCache } from './write-cache.ts';

/**
 * Serves one file through FUSE, by the kernel's own protocol (`linux/fuse.h`): a file system needs a block device, a loop device
 * needs a file, and only who serves that file knows what was flushed. It is a process of its own because whoever waits for the
 * file must not be the one who serves it.
 */
const [image, file, mountPoint, bytes] = process.argv.slice(2) as [string, string, string, string];
const cache = new WriteCache(image, Number(bytes));

/** Operations of the protocol; any other is answered with "not implemented". */
const FORGET = 2;
const GETATTR = 3;
const OPEN = 14;
const READ = 15;
const WRITE = 16;
const RELEASE = 18;
const FSYNC = 20;
const FLUSH = 25;
const INIT = 26;
const BATCH_FORGET = 42;

const IN_HEADER = 40;
const OUT_HEADER = 16;
/** Length of the arguments in front of what is written. */
const WRITE_ARGUMENTS = 40;
const MAX_WRITE = 1024 * 1024;
const ENOSYS = 38;
const NOTHING = Buffer.alloc(0);
const REGULAR_FILE = 0o100_600;
/** No cache of the kernel between the loop device and this process: after a cut it would keep what is gone. */
const DIRECT_IO = 1;

const device = openSync('/dev/fuse', 'r+');
const options = `fd=3,rootmode=${REGULAR_FILE.toString(8)},user_id=0,group_id=0`;
const mounted = spawnSync('mount', ['-i', '-t', 'fuse', '-o', options, 'volatile-disk', file], {
  stdio: ['ignore', 'ignore', 'pipe', device],
});
if (mounted.status !== 0) throw new Error(`the disk could not be mounted: ${mounted.stderr}`);

function reply(unique: bigint, error: number, body: Buffer = NOTHING): void {
  const message = Buffer.alloc(OUT_HEADER + body.length);
  message.writeUInt32LE(message.length, 0);
  message.writeInt32LE(-error, 4);
  message.writeBigUInt64LE(unique, 8);
  body.copy(message, OUT_HEADER);
  writeSync(device, message);
}

function serve(request: Buffer): void {
  const operation = request.readUInt32LE(4);
  const unique = request.readBigUInt64LE(8);
  // It wants no answer.
  if (operation === FORGET || operation === BATCH_FORGET) return;
  const answer = answerTo(operation, request.subarray(IN_HEADER));
  reply(unique, answer === undefined ? ENOSYS : 0, answer);
}

function answerTo(operation: number, body: Buffer): Buffer | undefined {
  switch (operation) {
    case INIT:
      return initAnswer(body);
    case GETATTR:
      return attributes();
    case OPEN: {
      const answer = Buffer.alloc(16);
      answer.writeUInt32LE(DIRECT_IO, 8);
      return answer;
    }
    case READ: {
      const from = Number(body.readBigUInt64LE(8));
      const answer = Buffer.alloc(Math.max(0, Math.min(body.readUInt32LE(16), cache.bytes - from)));
      cache.read(answer, from);
      return answer;
    }
    case WRITE: {
      const length = body.readUInt32LE(16);
      const written = body.subarray(WRITE_ARGUMENTS, WRITE_ARGUMENTS + length);
      cache.write(written, Number(body.readBigUInt64LE(8)));
      const answer = Buffer.alloc(8);
      answer.writeUInt32LE(length, 0);
      return answer;
    }
    case FSYNC:
      cache.flush();
      return NOTHING;
    // The close of a file descriptor: it makes nothing durable.
    case FLUSH:
    case RELEASE:
      return NOTHING;
    default:
      return undefined;
  }
}

function initAnswer(body: Buffer): Buffer {
  const BIG_WRITES = 1 << 5;
  const MAX_PAGES = 1 << 22;
  const answer = Buffer.alloc(64);
  answer.writeUInt32LE(7, 0);
  answer.writeUInt32LE(Math.min(body.readUInt32LE(4), 31), 4);
  answer.writeUInt32LE(body.readUInt32LE(8), 8);
  answer.writeUInt32LE(body.readUInt32LE(12) & (BIG_WRITES | MAX_PAGES), 12);
  answer.writeUInt16LE(16, 16);
  answer.writeUInt16LE(12, 18);
  answer.writeUInt32LE(MAX_WRITE, 20);
  answer.writeUInt32LE(1, 24);
  answer.writeUInt16LE(MAX_WRITE / 4_096, 28);
  return answer;
}

function attributes(): Buffer {
  const answer = Buffer.alloc(16 + 88);
  answer.writeBigUInt64LE(1n, 16);
  answer.writeBigUInt64LE(BigInt(cache.bytes), 24);
  answer.writeBigUInt64LE(BigInt(cache.bytes / 512), 32);
  answer.writeUInt32LE(REGULAR_FILE, 76);
  answer.writeUInt32LE(1, 80);
  answer.writeUInt32LE(4_096, 96);
  return answer;
}

const request = Buffer.alloc(MAX_WRITE + 8_192);
function next(): void {
  read(device, request, 0, request.length, null, (error, length) => {
    // It was unmounted.
    if (error?.code === 'ENODEV') process.exit();
    // One that was interrupted meanwhile.
    if (error && error.code !== 'ENOENT' && error.code !== 'EINTR' && error.code !== 'EAGAIN') throw error;
    if (!error) serve(request.subarray(0, length));
    next();
  });
}
next();

process.on('message', (order: { readonly cut: Survival; readonly seed: number } | 'power on') => {
  if (order === 'power on') {
    cache.powerOn();
    process.send!({});
  } else process.send!(cache.cut(order.cut, new Chance(order.seed)));
});
// A drill that fails leaves no mount behind. Unmounting writes, so this process must go on serving meanwhile.
process.once('disconnect', () => {
  execFile('umount', ['-l', mountPoint], () => execFile('umount', ['-l', file], () => {}));
});
process.send!('mounted');
