import { browserPath } from './base-path.ts';
import { Observable } from './observable.ts';

export type Permission = 'read' | 'change' | 'admin';

/** What this browser may do. The token itself is in a cookie that no script can read. */
class Session extends Observable {
  permissions: readonly Permission[] = [];
  /** Reading needs a token. */
  required = false;
  /** The server has answered. */
  known = false;
  /** What the server said when it last refused something for lack of a permission. */
  refusal: string | undefined;

  async load(): Promise<void> {
    const response = await fetch(browserPath('/api/v1/session'));
    if (!response.ok) return;
    const { permissions, required } = (await response.json()) as {
      permissions: Permission[];
      required: boolean;
    };
    this.permissions = permissions;
    this.required = required;
    this.known = true;
    this.changed();
  }

  /** @returns what was wrong; undefined when it worked */
  async signIn(token: string): Promise<string | undefined> {
    const response = await fetch(browserPath('/api/v1/session'), {
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
    this.permissions = ((await response.json()) as { permissions: Permission[] }).permissions;
    this.refusal = undefined;
    this.changed();
    return undefined;
  }

  async signOut(): Promise<void> {
    await fetch(browserPath('/api/v1/session'), {
      method: 'DELETE',
      headers: { 'X-Requested-With': 'logplane' },
    });
    this.permissions = [];
    await this.load();
    this.changed();
  }

  /** Another page may not need the permission that this one needed. */
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
    return this.permissions.includes('admin') || (this.required && this.permissions.length > 0);
  }
}

export const session = new Session();
