import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';

/** Thrown where settings do not parse, or what they name cannot be used; one line for each of them. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export const text = z.string().min(1);

/** Comma separated. */
export const list = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

/** Origins, comma separated; `*.` stands for every name below one. */
export const origins = list.refine(
  (entries) => entries.every((entry) => /^https?:\/\/(?:\*\.)?[\w-]+(?:\.[\w-]+)*(?::\d+)?$/.test(entry)),
  'origins with commas between them, such as https://portal.example.com,https://*.hpc.example.com',
);

/** Addresses and networks, comma separated. */
export const networks = list.refine(
  (entries) =>
    entries.every((entry) => {
      const [address = '', ...prefix] = entry.split('/');
      return isIP(address) !== 0 && (prefix.length === 0 || ipaddr.isValidCIDR(entry));
    }),
  'addresses and networks with commas between them, such as 127.0.0.1,10.0.0.0/8',
);

export const yesOrNo = z
  .string()
  .toLowerCase()
  .pipe(z.enum(['true', 'false'], 'true or false'))
  .transform((value) => value === 'true');

export const endpoint = z.url({ protocol: /^https?$/, error: 'an http or https URL' });

export function whole(minimum: number, maximum = Number.MAX_SAFE_INTEGER) {
  const error =
    maximum === Number.MAX_SAFE_INTEGER
      ? `a whole number of at least ${minimum}`
      : `a whole number from ${minimum} to ${maximum}`;
  return z.coerce.number(error).int(error).min(minimum, error).max(maximum, error);
}

/** What the settings of a feature are once they are read. */
export type SettingsOf<Shape extends z.ZodRawShape> = z.output<z.ZodObject<Shape>>;
