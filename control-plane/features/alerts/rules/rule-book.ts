import { badRequest, LogplaneError } from '../../../../pipeline/runtime/errors.ts';
import { SerialQueue } from '../../../../pipeline/runtime/serial-queue.ts';
import type { Rule } from './rule.ts';
import type { RuleFile } from './rule-file.ts';
import type { RuleStore, StoredRule } from './rule-store.ts';

export interface BookRule {
  readonly rule: Rule;
  /** Number of changes through the API; 0 for a rule that is built in or from the file. */
  readonly version: number;
  readonly origin: 'built-in' | 'file' | 'api';
}

export interface RuleBookOptions {
  readonly builtIn: readonly Rule[];
  readonly file: RuleFile;
  readonly store: RuleStore;
}

/** Rules that run at once. */
const MAX_RULES = 1_000;

/** All rules by name: a rule of the API replaces one of the file, and that a built-in one. */
export class RuleBook {
  readonly #given: ReadonlyMap<string, BookRule>;
  readonly #store: RuleStore;
  /** Changes are made one after the other, because each reads the current version and makes the next one. */
  readonly #changes = new SerialQueue();

  constructor({ builtIn, file, store }: RuleBookOptions) {
    this.#store = store;
    const withWebhooks = (rule: Rule) =>
      rule.webhooks.length === 0 ? { ...rule, webhooks: [...file.webhooks] } : rule;
    this.#given = new Map(
      [
        ...builtIn.map((rule) => {
          const enabled = rule.enabled && !file.disable.includes(rule.name);
          return { rule: withWebhooks({ ...rule, enabled }), version: 0, origin: 'built-in' as const };
        }),
        ...file.rules.map((rule) => ({ rule: withWebhooks(rule), version: 0, origin: 'file' as const })),
      ].map((item) => [item.rule.name, item]),
    );
  }

  async list(): Promise<BookRule[]> {
    const rules = new Map(this.#given);
    for (const { name, version, rule } of await this.#store.latest()) {
      if (rule) rules.set(name, { rule, version, origin: 'api' });
    }
    return [...rules.values()].sort((a, b) => (a.rule.name < b.rule.name ? -1 : 1));
  }

  /** @throws LogplaneError `not_found` */
  async find(name: string): Promise<BookRule> {
    const found = (await this.list()).find(({ rule }) => rule.name === name);
    if (!found) throw new LogplaneError('not_found', `no rule has the name "${name}"`);
    return found;
  }

  /** All versions that were made through the API, the newest first. */
  versions(name: string): Promise<StoredRule[]> {
    return this.#store.versions(name);
  }

  /** @throws LogplaneError `bad_request` where the name is taken */
  create(rule: Rule): Promise<BookRule> {
    return this.#changes.run(() => this.#create(rule));
  }

  async #create(rule: Rule): Promise<BookRule> {
    const rules = await this.list();
    if (rules.some((item) => item.rule.name === rule.name)) {
      throw badRequest(`name: a rule "${rule.name}" exists already; use PUT to change it`);
    }
    if (rules.length >= MAX_RULES)
      throw badRequest(`rules: expected at most ${MAX_RULES}, got one more; delete a rule first`);
    return this.#replace(rule);
  }

  replace(rule: Rule): Promise<BookRule> {
    return this.#changes.run(() => this.#replace(rule));
  }

  async #replace(rule: Rule): Promise<BookRule> {
    const { version } = await this.#store.save(rule.name, rule);
    return { rule, version, origin: 'api' };
  }

  /**
   * Removes a rule of the API; a rule of the same name from the file, or a built-in one, is in force again then.
   * @throws LogplaneError `not_found`, `bad_request` where the rule does not come from the API
   */
  remove(name: string): Promise<void> {
    return this.#changes.run(() => this.#remove(name));
  }

  async #remove(name: string): Promise<void> {
    const { origin } = await this.find(name);
    if (origin !== 'api') {
      throw badRequest(
        `the rule "${name}" is ${origin === 'file' ? 'in ALERT_RULES_FILE' : 'built in'} and cannot be deleted; to disable it, PUT it with "enabled": false`,
      );
    }
    await this.#store.save(name, undefined);
  }
}
