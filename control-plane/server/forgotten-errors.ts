import type { ConsoleLog } from '../http/console-log.ts';
import type { Feature } from '../http/feature.ts';

const MAX_REASON = 200;

/**
 * Handles errors that nothing in the program catches. They are defects.
 *
 * An unhandled rejection is logged and counted, and the server goes on. The work that failed has ended, and it acknowledged nothing: only
 * code that awaits the store answers a sender. At worst a part of the server stands still, and `/readyz`
 * says why.
 *
 * An uncaught exception has interrupted a callback of Node's in the middle: a queue may wait for ever for what the callback should have
 * done, and ingest behind it. So the server stops in good order, which finishes the accepted requests, and exits with a code that asks for a
 * restart. Acknowledged records are in the store, and senders repeat the rest.
 */
export class ForgottenErrors implements Feature {
  readonly #log: ConsoleLog;
  readonly #end: () => void;
  #rejections = 0;
  #last = '';
  #ending = false;

  /** @param end stops the server and ends the process */
  constructor(log: ConsoleLog, end: () => void) {
    this.#log = log;
    this.#end = end;
  }

  readonly metrics = {
    logplane_unhandled_rejections: {
      help: 'Promise rejections that nothing handled since the start; each is a defect and in the log',
      read: () => this.#rejections,
    },
  };

  readonly impaired = (): Record<string, string> => {
    if (this.#rejections === 0) return {};
    return {
      process: `${this.#rejections} errors were not handled since the start, so a part may have stopped; restart the server. The last one: ${this.#last}`,
    };
  };

  /** Listens to the process, from now until its end. */
  listen(): void {
    process.on('unhandledRejection', (reason) => this.#onRejection(reason));
    process.on('uncaughtException', (error) => this.#onException(error));
  }

  #onRejection(reason: unknown): void {
    this.#rejections++;
    this.#last = textOf(reason).split('\n', 1)[0]!.slice(0, MAX_REASON);
    this.#log.error(`unhandled rejection, the server continues: ${textOf(reason)}`);
  }

  #onException(error: unknown): void {
    // The console itself may be what fails, so no message is written about this.
    if (this.#ending) process.exit(1);
    this.#ending = true;
    this.#log.error(`uncaught exception, the server stops: ${textOf(error)}`);
    this.#end();
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
