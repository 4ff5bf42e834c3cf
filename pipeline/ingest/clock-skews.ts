import type { LogRecord } from '../record/log-record.ts';
import type { Timestamp } from '../record/timestamp.ts';

/** What a machine's clock was seen to be ahead of the server's, in milliseconds. */
interface Observed {
  readonly leads: Float64Array;
  count: number;
}

const MAX_MACHINES = 20_000;
const SAMPLES = 32;
/** With fewer samples one wrong time would count as a wrong clock. */
const MIN_SAMPLES = 5;
/** Flushes and networks delay records, so a smaller lead says nothing. */
const MIN_LEAD_MS = 1_000;

/**
 * The machines whose clocks are ahead, by the times of their records: a record from the future shows that its clock is ahead, and most
 * records of such a machine are from the future. A clock that is behind cannot be told from records that come late.
 */
export class ClockSkews {
  /** The one that was seen last is the last one. */
  readonly #machines = new Map<string, Observed>();

  /** Takes a sample. @param arrival when the record came in */
  add({ machine_id, observed, timestamp }: LogRecord, arrival: Timestamp): void {
    if (machine_id === '') return;
    let machine = this.#machines.get(machine_id);
    if (!machine) {
      machine = { leads: new Float64Array(SAMPLES), count: 0 };
      this.#machines.set(machine_id, machine);
      if (this.#machines.size > MAX_MACHINES) this.#machines.delete(this.#machines.keys().next().value!);
    }
    machine.leads[machine.count++ % SAMPLES] =
      millisecondsOf(observed ?? timestamp) - millisecondsOf(arrival);
  }

  /** Seconds that a machine's clock is ahead: the median of its latest records; undefined where it is not known to be. */
  of(machineId: string): number | undefined {
    const machine = this.#machines.get(machineId);
    if (!machine || machine.count < MIN_SAMPLES) return undefined;
    const leads = machine.leads.slice(0, Math.min(machine.count, SAMPLES)).sort();
    const median = leads[Math.floor(leads.length / 2)]!;
    return median < MIN_LEAD_MS ? undefined : Math.round(median / 100) / 10;
  }

  /** The machines whose clocks are ahead, those that are furthest ahead first. */
  list(): { readonly machineId: string; readonly seconds: number }[] {
    const found = [...this.#machines.keys()].flatMap((machineId) => {
      const seconds = this.of(machineId);
      return seconds === undefined ? [] : [{ machineId, seconds }];
    });
    return found.sort((a, b) => b.seconds - a.seconds);
  }
}

function millisecondsOf({ seconds, nanos }: Timestamp): number {
  return seconds * 1000 + nanos / 1e6;
}
