import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errorCode } from '../common/error-code.js';
import { parseSeedFile, type SeedFile, type SeedVariables } from './seed-file.js';

/**
 * Reads all YAML files of a directory, in the order of their names.
 * @throws Error when there is no such directory: loading nothing would deactivate everything
 */
export async function readSeedFiles(directory: string, variables: SeedVariables): Promise<SeedFile[]> {
  const entries = await readdir(directory).catch((error: unknown) => {
    throw new Error(`SEEDS_DIR ${directory} cannot be read (${errorCode(error)})`, { cause: error });
  });
  const names = entries.filter((name) => /\.ya?ml$/i.test(name)).sort();
  const read = async (name: string) => {
    const text = await readFile(join(directory, name), 'utf8');

    return parseSeedFile(`${basename(directory)}/${name}`, text, variables);
  };

  return Promise.all(names.map(read));
}
