import type { ConsoleLog } from '../http/console-log.ts';
import type { Feature } from '../http/feature.ts';

const MAX_REASON = 200;

/**
 * What becomes of errors that nothing in the program catches, which are defects of it.
 *
 * A rejected promise that nobody waits for is logged and counted, and the server goes on: the work that failed is over, and nothing was
 * acknowledged by it, for an answer to a sender is sent only by who waits for the store. At worst a part of the server stands still, and
 * `/readyz` says why.
 *
 * An exception that nobody catches has cut off a callback of Node's between two of its steps: a queue may wait for ever for what that
 * callback was to do, and ingest behind it. So the server stops in good order, which finishes what was accepted, and its exit code says that it
 * is to be started again. What was acknowledged is in the store, and senders repeat the rest.
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
      help: 'Errors that nothing in the program caught since the start; each is a defect, and in the log',
      read: () => this.#rejections,
    },
  };

  readonly impaired = (): Record<string, string> => {
    if (this.#rejections === 0) return {};
    return {
      process: `${this.#rejections} errors were caught by nothing since the start, a part may stand still; the last one: ${this.#last}`,
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
    this.#log.error(`an error that nothing caught, the server goes on: ${textOf(reason)}`);
  }

  #onException(error: unknown): void {
    // The console may be what fails: a message about it would fail the same way.
    if (this.#ending) process.exit(1);
    this.#ending = true;
    this.#log.error(`an exception that nothing caught, the server stops: ${textOf(error)}`);
    this.#end();
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
