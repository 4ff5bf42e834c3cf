/**
 * Reads what `event-stream.ts` writes, for the command line and the pages. Our own, because the libraries for it (eventsource-parser)
 * ignore an event that has an id and no data, with which a stream reports its progress without a record.
 */

/** One server-sent event. */
export interface SentEvent {
  /** Empty for an unnamed one. */
  readonly name: string;
  /** The last id that was sent, in this event or before it: where to resume. */
  readonly id: string;
  /** Undefined where it has none, as comments have. */
  readonly data: string | undefined;
}

export class EventParser {
  #id: string;
  #rest = '';

  /** @param lastId of the event after which the stream resumes */
  constructor(lastId = '') {
    this.#id = lastId;
  }

  /** @returns the events that a piece of the stream completes */
  push(piece: string): SentEvent[] {
    const events: SentEvent[] = [];
    const text = this.#rest + piece;
    let begin = 0;
    // What was left of the piece before has no end of an event in it, but for a first line break.
    let end = text.indexOf('\n\n', Math.max(0, this.#rest.length - 1));
    for (; end !== -1; end = text.indexOf('\n\n', begin)) {
      events.push(this.#parse(text.slice(begin, end)));
      begin = end + 2;
    }
    this.#rest = text.slice(begin);
    return events;
  }

  #parse(block: string): SentEvent {
    let name = '';
    let data: string | undefined;
    for (const line of block.split('\n')) {
      const colon = line.indexOf(':');
      const field = colon === -1 ? line : line.slice(0, colon);
      const value = colon === -1 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
      if (field === 'data') data = data === undefined ? value : `${data}\n${value}`;
      else if (field === 'id') this.#id = value;
      else if (field === 'event') name = value;
    }
    return { name, id: this.#id, data };
  }
}
