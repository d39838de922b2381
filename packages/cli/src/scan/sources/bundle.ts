import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip } from 'node:zlib';
import { CommandError, EXIT } from '../../command-error.ts';
import { everyFile } from './every-file.ts';
import { type Root, told } from './root.ts';
import { type Given, LARGEST_FILE } from './source.ts';

const UNPACK = { '.gz': promisify(gunzip), '.br': promisify(brotliDecompress) } as const;

/** Gives all files of a built bundle, ignored by Git or not, and what is in its `.gz` and `.br` files. */
export async function* bundle(root: Root, folder: string): AsyncIterable<Given> {
  if (!(await isFolder(folder)))
    throw new CommandError(`${folder} is no folder with a built bundle.`, EXIT.usage);
  for await (const given of everyFile(resolve(folder), [], (path) => told(root, path))) {
    yield 'content' in given ? await unpacked(given) : given;
  }
}

async function unpacked(given: Extract<Given, { content: unknown }>): Promise<Given> {
  const { path, bytes } = given.content;
  const unpack = path.endsWith('.gz') ? UNPACK['.gz'] : path.endsWith('.br') ? UNPACK['.br'] : undefined;
  if (unpack === undefined) return given;
  try {
    return { content: { path, bytes: await unpack(bytes, { maxOutputLength: LARGEST_FILE }) } };
  } catch {
    return { skipped: { path, why: 'cannot be unpacked, or is too large when it is', isFault: true } };
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
