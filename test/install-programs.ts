import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs that tests start, with the Debian package of each. A suite whose program is missing skips itself. */
const PACKAGES: Readonly<Record<string, string>> = {
  'redis-server': 'redis-server',
  chromium: 'chromium',
  rsync: 'rsync',
  ssh: 'openssh-client',
  sshd: 'openssh-server',
  faketime: 'faketime',
  nginx: 'nginx-light',
};

const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
const missing = Object.keys(PACKAGES).filter(
  (program) => !folders.some((folder) => existsSync(join(folder, program))),
);

if (missing.length > 0) {
  const packages = missing.map((program) => PACKAGES[program]!);
  const mayInstall = process.getuid?.() === 0 && existsSync('/etc/debian_version');
  const apt = (...words: string[]) => spawnSync('apt-get', words, { stdio: 'ignore' }).status === 0;
  const installed =
    mayInstall && apt('update') && apt('install', '-y', '--no-install-recommends', ...packages);
  console.log(
    installed
      ? `installed for the tests: ${packages.join(', ')}`
      : `not found: ${missing.join(', ')}; their tests are skipped (on Debian: apt-get install ${packages.join(' ')})`,
  );
}
