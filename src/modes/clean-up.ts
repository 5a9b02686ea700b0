// What `post` does: removes what a killed run may have left, and nothing else.
import type { Environment } from '../environment.ts';
import { removePrivateFolder } from '../files/temp.ts';

export async function cleanUp(environment: Environment): Promise<void> {
  if (environment.privateFolder !== undefined) {
    await removePrivateFolder(environment.privateFolder, environment.temp);
  }
}
