import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { EventParser } from '../control-plane/http/event-parser.ts';
import type { ApiDocument, DocumentedOperation } from './api-document.ts';

/** An answer as far as it was read. */
export interface Answer {
  readonly status: number;
  /** The media type, without its parameters. */
  readonly type: string;
  readonly text: string;
}

/** Holds answers against what `/openapi.json` says of them. */
export class AnswerChecker {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: true });

  constructor(document: ApiDocument) {
    formats.default(this.#ajv, ['date-time', 'uri']);
    this.#ajv.addSchema(document, 'api');
  }

  /** What is wrong with an answer of a route; undefined where nothing is. */
  problemOf({ path, method, responses }: DocumentedOperation, answer: Answer): string | undefined {
    const described = responses[answer.status];
    if (!described) return `the status ${answer.status} is not documented`;
    if (method === 'HEAD') return undefined;
    if (!described.content[answer.type]) return `${answer.status} as "${answer.type}" is not documented`;
    const place = [
      'paths',
      path,
      method.toLowerCase(),
      'responses',
      String(answer.status),
      'content',
      answer.type,
    ];
    if (answer.type === 'application/json') return this.#problemOfJson([...place, 'schema'], answer.text);
    if (answer.type === 'text/event-stream')
      return this.#problemOfEvents([...place, 'x-events'], answer.text);
    return undefined;
  }

  /** What is wrong with the error that a request to no route gets. */
  problemOfError({ status, type, text }: Answer, expected: readonly number[]): string | undefined {
    if (!expected.includes(status)) return `expected ${expected.join(' or ')}, got ${status}`;
    if (type !== 'application/json') return `an error as "${type}"`;
    return this.#problemOfJson(['components', 'schemas', 'Error'], text);
  }

  #problemOfEvents(place: readonly string[], text: string): string | undefined {
    for (const { name, data } of new EventParser().push(text)) {
      if (data === undefined) continue;
      const problem = this.#problemOfJson([...place, name || 'message'], data);
      if (problem) return `event ${name}: ${problem}`;
    }
    return undefined;
  }

  #problemOfJson(place: readonly string[], text: string): string | undefined {
    const pointer = place
      .map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1'))
      .map(encodeURIComponent);
    const check = this.#ajv.getSchema(`api#/${pointer.join('/')}`);
    if (!check) return `${place.join(' ')} has no schema`;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      return (error as Error).message;
    }
    if (check(value)) return undefined;
    return `${this.#ajv.errorsText(check.errors)}: ${text.slice(0, 300)}`;
  }
}
