/** Where rows of different heights begin. Adding up a hundred thousand takes less than a millisecond. */
export class RowHeights {
  #offsets = new Float64Array(1024);
  #count = 0;

  update(rows: readonly { readonly height: number }[], estimate: number): void {
    if (rows.length + 1 > this.#offsets.length) this.#offsets = new Float64Array((rows.length + 1) * 2);
    const offsets = this.#offsets;
    let sum = 0;
    for (let index = 0; index < rows.length; index++) {
      offsets[index] = sum;
      sum += rows[index]!.height || estimate;
    }
    offsets[rows.length] = sum;
    this.#count = rows.length;
  }

  get total(): number {
    return this.#offsets[this.#count]!;
  }

  /** Pixels above a row; the total behind the last one. */
  offset(index: number): number {
    return this.#offsets[Math.min(index, this.#count)]!;
  }

  /** The row at so many pixels from the top; the last one below all. */
  indexAt(top: number): number {
    let low = 0;
    let high = Math.max(0, this.#count - 1);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#offsets[middle]! <= top) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
