import { folderHolder, lockFolder } from '../../pipeline/runtime/folder-lock.ts';
import type { Config } from '../config.ts';
import { checkFolders } from './check-folders.ts';
import { checkPorts } from './check-ports.ts';
import { checkSettings } from './check-settings.ts';
import { checkTables } from './check-tables.ts';
import { type Finding, ok } from './finding.ts';

/** Checks everything that can keep a server from starting or storing, in the order of a start. */
export async function examine(config: Config): Promise<Finding[]> {
  const holder = folderHolder(config.DATA_DIR);
  const folders = await checkFolders(config);
  const findings = [
    ok('program', `Node ${process.versions.node} on ${process.platform} ${process.arch}`),
    ...(await checkSettings(config)),
    ...folders,
  ];
  findings.push(...(await checkPorts(config, holder !== undefined)));
  if (holder !== undefined) {
    findings.push(ok('tables', `${holder} uses them; stop it to check every part`));
  } else if (folders[0]!.state !== 'problem') {
    const lock = lockFolder(config.DATA_DIR);
    findings.push(...(await checkTables(config)));
    lock.release();
  }
  return findings;
}
