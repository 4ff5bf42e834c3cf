/**
 * Columns in ClickHouse's Native format, the layout that the engine itself works with. The engine takes them over as they are, while it has
 * to read and convert every value of a text format (measured: 1.1 µs a row instead of 7).
 *
 * `append` adds the values of another column. `finish` returns the bytes of the values, in pieces, as they follow a column's name and
 * type. They are views of memory that is used again after `reset`: with new memory for every request, a tenth of the CPU went into
 * page faults.
 */

/** Rows for which a new column has room. */
const FIRST_ROWS = 1_024;

/** Numbers of one byte: UInt8, and Enum8 by its values. */
export class ByteColumn {
  #values = new Uint8Array(FIRST_ROWS);
  #count = 0;

  push(value: number): void {
    this.#reserve(1);
    this.#values[this.#count++] = value;
  }

  append(other: ByteColumn): void {
    this.#reserve(other.#count);
    this.#values.set(other.#values.subarray(0, other.#count), this.#count);
    this.#count += other.#count;
  }

  #reserve(values: number): void {
    if (this.#count + values <= this.#values.length) return;
    const larger = new Uint8Array(Math.max(this.#values.length * 2, this.#count + values));
    larger.set(this.#values);
    this.#values = larger;
  }

  finish(): Uint8Array[] {
    return [this.#values.subarray(0, this.#count)];
  }

  reset(): void {
    this.#count = 0;
  }
}

/** A growing list of numbers of 32 bits. */
class WordList {
  #words = new Uint32Array(FIRST_ROWS * 2);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  push(word: number): void {
    this.#reserve(1);
    this.#words[this.#count++] = word;
  }

  append(other: WordList): void {
    this.#reserve(other.#count);
    this.#words.set(other.view(), this.#count);
    this.#count += other.#count;
  }

  /** Appends another list, each of whose words is an index into `mapping`. */
  appendMapped(other: WordList, mapping: readonly number[]): void {
    this.#reserve(other.#count);
    for (let index = 0; index < other.#count; index++)
      this.#words[this.#count++] = mapping[other.#words[index]!]!;
  }

  #reserve(words: number): void {
    if (this.#count + words <= this.#words.length) return;
    const larger = new Uint32Array(Math.max(this.#words.length * 2, this.#count + words));
    larger.set(this.#words);
    this.#words = larger;
  }

  view(): Uint32Array<ArrayBuffer> {
    return this.#words.subarray(0, this.#count);
  }

  reset(): void {
    this.#count = 0;
  }
}

const TWO_16 = 2 ** 16;
const TWO_32 = 2 ** 32;

/** DateTime64(9): signed nanoseconds since 1970, as two halves of 32 bits, because bigint takes ten times as long. */
export class NanosecondColumn {
  readonly #halves = new WordList();

  push(seconds: number, nanos: number): void {
    // seconds × 10⁹ does not fit a double, so the upper and the lower 16 bits of the seconds are multiplied separately.
    const upper = Math.floor(seconds / TWO_16);
    const high = upper * 1e9;
    const low = (seconds - upper * TWO_16) * 1e9 + nanos;
    const highUpper = Math.floor(high / TWO_16);
    const sum = (high - highUpper * TWO_16) * TWO_16 + (low % TWO_32);
    this.#halves.push(sum);
    this.#halves.push(highUpper + Math.floor(low / TWO_32) + Math.floor(sum / TWO_32));
  }

  append(other: NanosecondColumn): void {
    this.#halves.append(other.#halves);
  }

  finish(): Uint8Array[] {
    return [bytesOf(this.#halves.view())];
  }

  reset(): void {
    this.#halves.reset();
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array | Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** UInt64: `count` consecutive numbers. */
export function consecutive(first: number, count: number): Uint8Array {
  const halves = new Uint32Array(count * 2);
  for (let index = 0; index < count; index++) {
    const value = first + index;
    halves[index * 2] = value;
    halves[index * 2 + 1] = Math.floor(value / TWO_32);
  }
  return new Uint8Array(halves.buffer);
}

/** String: each value behind its length. */
export class StringColumn {
  #bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #length = 0;
  /** Where the last value begins. */
  #last = 0;

  push(value: string): void {
    this.#last = this.#length;
    if (value === '') {
      this.#reserve(1);
      this.#bytes[this.#length++] = 0;
      return;
    }
    // Most texts are ASCII, with as many bytes as characters; where the length takes more bytes than assumed, the text is moved.
    this.#reserve(value.length * 3 + 2 * MAX_LENGTH_BYTES);
    const start = this.#length + lengthBytes(value.length);
    const written = this.#bytes.write(value, start);
    const moved = this.#length + lengthBytes(written);
    if (moved !== start) this.#bytes.copyWithin(moved, start, start + written);
    writeLength(this.#bytes, this.#length, written);
    this.#length = moved + written;
  }

  append(other: StringColumn): void {
    this.#reserve(other.#length);
    other.#bytes.copy(this.#bytes, this.#length, 0, other.#length);
    this.#last = this.#length + other.#last;
    this.#length += other.#length;
  }

  /** Replaces the last value. */
  replaceLast(value: string): void {
    this.#length = this.#last;
    this.push(value);
  }

  finish(): Uint8Array[] {
    return [this.#bytes.subarray(0, this.#length)];
  }

  /** Bytes of memory that it holds. */
  get capacity(): number {
    return this.#bytes.length;
  }

  reset(): void {
    this.#length = 0;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + bytes));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

const INITIAL_BYTES = 1024;
const MAX_LENGTH_BYTES = 5;

/** LowCardinality(String): a dictionary, and the index of each value in it. */
export class DictionaryColumn {
  readonly #indexes = new Map<string, number>([['', 0]]);
  readonly #dictionary = new StringColumn();
  readonly #values = new WordList();
  #last = '';
  #lastIndex = 0;

  constructor() {
    this.#dictionary.push('');
  }

  push(value: string): void {
    if (value !== this.#last) {
      this.#last = value;
      this.#lastIndex = this.#indexOf(value);
    }
    this.#values.push(this.#lastIndex);
  }

  append(other: DictionaryColumn): void {
    const indexes: number[] = [];
    for (const value of other.#indexes.keys()) indexes.push(this.#indexOf(value));
    this.#values.appendMapped(other.#values, indexes);
  }

  #indexOf(value: string): number {
    let index = this.#indexes.get(value);
    if (index === undefined) {
      index = this.#indexes.size;
      this.#indexes.set(value, index);
      this.#dictionary.push(value);
    }
    return index;
  }

  /** Bytes of memory that its dictionary holds. */
  get capacity(): number {
    return this.#dictionary.capacity;
  }

  finish(): Uint8Array[] {
    const size = this.#indexes.size;
    const values = this.#values.view();
    const width = size <= 2 ** 8 ? 0 : size <= 2 ** 16 ? 1 : 2;
    const head = Buffer.alloc(24);
    head.writeUInt32LE(KEYS_VERSION, 0);
    head.writeUInt32LE(width | ADDITIONAL_KEYS | UPDATE_DICTIONARY, 8);
    head.writeUInt32LE(size, 16);
    const count = Buffer.alloc(8);
    count.writeUInt32LE(values.length, 0);
    const indexes =
      width === 0 ? new Uint8Array(values) : bytesOf(width === 1 ? new Uint16Array(values) : values);
    return [head, ...this.#dictionary.finish(), count, indexes];
  }

  reset(): void {
    this.#indexes.clear();
    this.#indexes.set('', 0);
    this.#dictionary.reset();
    this.#dictionary.push('');
    this.#values.reset();
    this.#last = '';
    this.#lastIndex = 0;
  }
}

const KEYS_VERSION = 1;
const ADDITIONAL_KEYS = 1 << 9;
const UPDATE_DICTIONARY = 1 << 10;

/** Number of bytes of a length in LEB128. */
export function lengthBytes(length: number): number {
  return length < 2 ** 7 ? 1 : length < 2 ** 14 ? 2 : length < 2 ** 21 ? 3 : length < 2 ** 28 ? 4 : 5;
}

/** Writes a length as LEB128. */
export function writeLength(bytes: Uint8Array, at: number, length: number): void {
  for (; length >= 0x80; length = Math.floor(length / 0x80)) bytes[at++] = (length % 0x80) | 0x80;
  bytes[at] = length;
}

/** The bytes at the beginning of a block: the numbers of columns and rows. */
export function blockHead(columns: number, rows: number): Uint8Array {
  const bytes = new Uint8Array(lengthBytes(columns) + lengthBytes(rows));
  writeLength(bytes, 0, columns);
  writeLength(bytes, lengthBytes(columns), rows);
  return bytes;
}

/** The bytes before a column's values. */
export function columnHead(name: string, type: string): Uint8Array {
  const head = new StringColumn();
  head.push(name);
  head.push(type);
  return head.finish()[0]!;
}
