import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { MODULE_OPTIONS, moduleFile } from '../../../project-module.ts';
import { temporaryFolder } from '../../../temporary-folder.ts';
import { until } from '../../../until.ts';

t.test('a trial ends with the process that runs it, however that ends', async (t) => {
  const folder = temporaryFolder();
  const pidFile = join(folder, 'pid');
  const program = join(folder, 'fluent-bit');
  // It passes the dry run, and its trial would go on for ever.
  writeFileSync(
    program,
    `#!/bin/sh\n[ "$1" = --dry-run ] && exit 0\necho $$ > ${pidFile}\nexec /bin/sleep 1000\n`,
  );
  chmodSync(program, 0o755);
  const module = moduleFile('pipeline/agent/fluent-bit/try-config.ts');
  const script = `import(${JSON.stringify(module)}).then(({ tryConfig }) => tryConfig({
    program: ${JSON.stringify(program)}, files: [{ name: 'a.conf', content: '' }], sections: [], environment: ['PATH'] }))`;
  const parent = spawn(process.execPath, [...MODULE_OPTIONS, '-e', script], { stdio: 'inherit' });
  await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'), 'the trial');
  const pid = Number(readFileSync(pidFile, 'utf8'));
  t.ok(isAlive(pid));
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await until(() => !isAlive(pid), 'the end of the trial');
});

/** A process that ended and whose parent has not asked for it yet counts as ended. */
function isAlive(pid: number): boolean {
  const status = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
  return status !== '' && !/\) Z /.test(status);
}
