import { folderHolder, lockFolder } from '../../pipeline/runtime/folder-lock.ts';
import type { Config } from '../config.ts';
import { checkFolders } from './check-folders.ts';
import { checkPorts } from './check-ports.ts';
import { checkSettings } from './check-settings.ts';
import { checkTables } from './check-tables.ts';
import { type Finding, ok, warning } from './finding.ts';

/**
 * Everything that keeps a server from starting or from storing, in the order in which it would meet it.
 * @param threads of libuv's pool
 */
export async function examine(config: Config, threads: number): Promise<Finding[]> {
  const holder = folderHolder(config.DATA_DIR);
  const folders = await checkFolders(config);
  const findings = [...checkProcess(threads), ...(await checkSettings(config)), ...folders];
  findings.push(...(await checkPorts(config, holder !== undefined)));
  if (holder !== undefined) {
    findings.push(ok('tables', `${holder} works on them; stop it to have every part compared`));
  } else if (folders[0]!.state !== 'problem') {
    const lock = lockFolder(config.DATA_DIR);
    findings.push(...(await checkTables(config)));
    lock.release();
  }
  return findings;
}

function checkProcess(threads: number): Finding[] {
  return [
    ok('program', `Node ${process.versions.node} on ${process.platform} ${process.arch}`),
    ...(threads < 24
      ? [
          warning(
            'program',
            `UV_THREADPOOL_SIZE is ${threads}: slow queries block others; start with npm start or set it to 24`,
          ),
        ]
      : []),
  ];
}
