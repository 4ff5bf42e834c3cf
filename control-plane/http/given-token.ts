/** A token as a request carries it. */
export interface GivenToken {
  readonly text: string;
  /** True where it came in `X-Admin-Token`, which is for the admin token alone. */
  readonly isForAdmin: boolean;
}

/** @param header the value of a header, '' or undefined where there is none */
export function givenToken(header: (name: string) => string | undefined): GivenToken | undefined {
  const admin = header('x-admin-token');
  if (admin) return { text: admin, isForAdmin: true };
  const text = /^Bearer +(\S+)$/i.exec(header('authorization') ?? '')?.[1];
  return text === undefined ? undefined : { text, isForAdmin: false };
}
