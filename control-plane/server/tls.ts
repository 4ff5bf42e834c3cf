import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Config } from '../config.ts';
import { ConfigError } from '../setting-types.ts';

/** A certificate and its key, PEM. */
export interface TlsFiles {
  /** With the certificates between it and its authority behind it. */
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * Reads the files of TLS_CERT and TLS_KEY; undefined where neither is set: the listeners are then plain.
 * @throws ConfigError that names the setting
 */
export async function readTls({ TLS_CERT, TLS_KEY }: Config): Promise<TlsFiles | undefined> {
  if (TLS_CERT === undefined && TLS_KEY === undefined) return undefined;
  const read = (name: string, what: string, path: string | undefined) => {
    if (path === undefined) throw new ConfigError(`${name}: expected the file of ${what}, got none`);
    return readFile(path).catch((error: Error) => {
      throw new ConfigError(`${name}: expected the file of ${what}, got "${path}" (${error.message})`);
    });
  };
  const cert = await read('TLS_CERT', 'the certificate that belongs to TLS_KEY', TLS_CERT);
  const key = await read('TLS_KEY', 'the private key that belongs to TLS_CERT', TLS_KEY);
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new ConfigError(
      `TLS_CERT, TLS_KEY: expected a certificate and its key as PEM, got "${TLS_CERT}" and "${TLS_KEY}" (${(error as Error).message})`,
    );
  }
  return { cert, key };
}
