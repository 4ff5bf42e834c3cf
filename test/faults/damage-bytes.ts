import type { Chance } from '../chance.ts';

/** A file's bytes, damaged in one way. */
export interface DamagedBytes {
  readonly kind: 'cut' | 'flip' | 'zero' | 'noise' | 'grow';
  readonly bytes: Buffer;
  /** Whether a range of the bytes is what it was. */
  readonly isWhole: (from: number, to: number) => boolean;
}

export function damageBytes(original: Buffer, chance: Chance): DamagedBytes {
  const bytes = Buffer.from(original);
  const kind = chance.pick(['cut', 'flip', 'zero', 'noise', 'grow'] as const);
  const start = chance.below(Math.max(1, bytes.length));
  const end = Math.min(bytes.length, start + 1 + chance.below(Math.max(1, bytes.length - start)));
  const outside = (from: number, to: number) => to <= start || from >= end;
  switch (kind) {
    case 'cut':
      return { kind, bytes: bytes.subarray(0, start), isWhole: (_, to) => to <= start };
    case 'zero':
      bytes.fill(0, start, end);
      return { kind, bytes, isWhole: outside };
    case 'noise':
      for (let index = start; index < end; index++) bytes[index] = chance.below(256);
      return { kind, bytes, isWhole: outside };
    case 'flip': {
      const flipped = chance.list(4, () => chance.below(Math.max(1, bytes.length)));
      for (const at of flipped) if (at < bytes.length) bytes[at]! ^= 1 << chance.below(8);
      return { kind, bytes, isWhole: (from, to) => !flipped.some((at) => at >= from && at < to) };
    }
    case 'grow': {
      const more = Buffer.from(Array.from({ length: 1 + chance.below(5_000) }, () => chance.below(256)));
      return { kind, bytes: Buffer.concat([bytes, more]), isWhole: () => true };
    }
  }
}
