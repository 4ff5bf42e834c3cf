import type { ConfigFile } from './fluent-bit/render-config.ts';

const TIMEOUT_MILLISECONDS = 10_000;

export interface WantedConfig {
  readonly config_hash: string;
  readonly files: readonly ConfigFile[];
}

/** The server's response to a heartbeat. */
export interface Orders {
  /** Hash of the configuration that this machine has to run; '' where it cannot be rendered. */
  readonly config_hash: string;
  /** Whether the agent goes back to the configuration before when the line rate collapses. */
  readonly watch_line_rate: boolean;
}

/** The agent's client for the fleet endpoints. */
export class ControlPlaneClient {
  readonly #address: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(server: string, machineId: string, token: string | undefined) {
    this.#address = `${server.replace(/\/+$/, '')}/api/v1/agents/${encodeURIComponent(machineId)}`;
    this.#headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  }

  /** @throws Error with the server's words */
  async heartbeat(report: object): Promise<Orders> {
    return this.#ask('/heartbeat', {
      method: 'POST',
      body: JSON.stringify(report),
      headers: { 'Content-Type': 'application/json' },
    });
  }

  /**
   * @param hash of the configuration that the answer to this agent's own heartbeat named; the server may have another one by now
   * @throws Error with the server's words
   */
  config(hash: string): Promise<WantedConfig> {
    return this.#ask('/config', { headers: { Accept: 'application/json', 'X-Config-Hash': hash } });
  }

  async #ask<T>(path: string, { headers = {}, ...init }: RequestInit & { headers?: Record<string, string> }) {
    const response = await fetch(`${this.#address}${path}`, {
      ...init,
      headers: { ...this.#headers, ...headers },
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
    });
    const body = (await response.json().catch(() => ({}))) as T & { error?: { message: string } };
    if (!response.ok) throw new Error(body.error?.message ?? `the server answered ${response.status}`);
    return body as T;
  }
}
