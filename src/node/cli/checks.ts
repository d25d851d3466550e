/** What must hold in the world before a cluster is started; each says what to do where it does not. */
import { rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { MdmError } from '../../wire/errors.ts';
import { occupantOf } from '../client/connect.ts';
import { type ConnectionFile, readConnectionPath } from '../cluster/connection.ts';
import { checkDevices, isCuda } from '../cluster/devices.ts';
import { isAlive } from '../cluster/ending.ts';
import { connectionPath } from '../cluster/names.ts';
import type { Environment } from '../cluster/runtime-dir.ts';
import { removeSocketFolder } from '../cluster/socket-folder.ts';
import { visibleDevices } from '../cluster/visible-devices.ts';
import type { StartPlan } from './plan.ts';

/** @throws MdmError `device_not_there` */
export function checkPlanDevices(plan: StartPlan, env: Environment): void {
  const { devices } = plan.settings;
  if (devices.some(isCuda)) checkDevices(devices, visibleDevices(env));
}

/** @throws MdmError `path_not_found` naming option, value and folder */
export function checkFolders(plan: StartPlan): void {
  checkFolder('run_script_dir', plan.settings.runScriptDir, plan.settings.runScriptDir);
  if (typeof plan.logger === 'string') checkFolder('logger', plan.logger, dirname(plan.logger));
}

function checkFolder(option: string, value: string, folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const flag = `--${option.replaceAll('_', '-')}`;
  throw new MdmError('path_not_found', `${flag} ${value}: there is no folder ${folder}.`, {
    remedy: 'Make the folder, or name another one.',
    details: { key: option, value, folder }
  });
}

/**
 * Makes sure that nobody has the name: what a dead cluster left is removed.
 *
 * @throws MdmError `cluster_exists`
 */
export async function vacateName(folder: string, name: string): Promise<void> {
  const path = connectionPath(folder, name);
  const file = readConnectionPath(path);
  if (file === null) {
    // There may be one that is not whole: nobody can be reached by it.
    rmSync(path, { force: true });
    return;
  }
  const occupant = await occupantOf(file);
  // A process that was just killed may hold its sockets a moment longer: it takes connections, and says nothing.
  const isGone = occupant === 'nobody' || (occupant === 'silent' && !isAlive(file.pid));
  if (!isGone) throw clusterExists(file, occupant === 'silent');
  if (readConnectionPath(path)?.instance === file.instance) rmSync(path, { force: true });
  removeSocketFolder(file.socket_dir, name);
}

function clusterExists({ name, pid, instance }: ConnectionFile, silent: boolean): MdmError {
  const flag = name === 'default' ? '' : ` --name ${name}`;
  const end = silent ? `end it with "kill ${pid}"` : `end it with "mdm terminate${flag}"`;
  return new MdmError(
    'cluster_exists',
    `A cluster named "${name}" runs already (pid ${pid})${silent ? ', though it gives no answer' : ''}.`,
    {
      remedy: `See it with "mdm status${flag}", ${end}, or start this one with --name and another name.`,
      details: { name, pid, instance }
    }
  );
}
