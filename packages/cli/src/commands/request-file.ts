import { CommandError } from '../command-error.ts';
import { readPublicFile } from '../private-file.ts';

/** Reads a file with a described request. The parser's message would quote the text, which holds a signature. */
export async function readRequestFile(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readPublicFile(file));
  } catch (error) {
    if (error instanceof SyntaxError) throw new CommandError(`${file} is not JSON.`);
    throw error;
  }
}
