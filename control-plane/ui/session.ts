import { Observable } from './observable.ts';

export type Right = 'read' | 'change' | 'admin';

/** What this browser may do. The token itself is in a cookie that no script can read. */
class Session extends Observable {
  rights: readonly Right[] = [];
  /** Reading needs a token. */
  required = false;
  /** The server has told. */
  known = false;
  /** What the server said when it last refused something for want of a right. */
  refusal: string | undefined;

  async load(): Promise<void> {
    const response = await fetch('/api/v1/session');
    if (!response.ok) return;
    const { rights, required } = (await response.json()) as { rights: Right[]; required: boolean };
    this.rights = rights;
    this.required = required;
    this.known = true;
    this.changed();
  }

  /** @returns what was wrong; undefined when it worked */
  async signIn(token: string): Promise<string | undefined> {
    const response = await fetch('/api/v1/session', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Requested-With': 'logplane' },
      body: JSON.stringify({ token }),
    });
    if (!response.ok) {
      const answer = (await response.json().catch(() => undefined)) as
        | { error?: { message?: string } }
        | undefined;
      return answer?.error?.message ?? `The server answered ${response.status}.`;
    }
    this.rights = ((await response.json()) as { rights: Right[] }).rights;
    this.refusal = undefined;
    this.changed();
    return undefined;
  }

  async signOut(): Promise<void> {
    await fetch('/api/v1/session', { method: 'DELETE', headers: { 'X-Requested-With': 'logplane' } });
    this.rights = [];
    await this.load();
    this.changed();
  }

  /** Another page may need no right that this one needed. */
  forgetRefusal(): void {
    if (this.refusal === undefined) return;
    this.refusal = undefined;
    this.changed();
  }

  refused(message: string): void {
    this.refusal = message;
    this.changed();
  }

  get signedIn(): boolean {
    return this.rights.includes('admin') || (this.required && this.rights.length > 0);
  }
}

export const session = new Session();
