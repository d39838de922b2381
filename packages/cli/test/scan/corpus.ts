import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CARRIERS } from './carriers.ts';
import { drawnFrom } from './drawn.ts';
import { drawLookAlikes, type LookAlike } from './look-alikes.ts';
import { drawSecrets } from './true-secrets.ts';

/** A true secret in a file. */
export interface Planted {
  readonly file: string;
  readonly kind: string;
  readonly rule: string;
  readonly carrier: string;
  readonly value: string;
}

export interface Corpus {
  readonly planted: readonly Planted[];
  readonly lookAlikes: readonly LookAlike[];
}

/** Each kind is drawn so many times. */
const SAMPLES = 4;

/**
 * Writes the labelled corpus into a folder: each true secret in each carrier, one a file, and look-alikes. The names
 * of files say nothing of what is in them.
 */
export function writeCorpus(folder: string): Corpus {
  const planted: Planted[] = [];
  const lookAlikes: LookAlike[] = [];
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  for (let sample = 0; sample < SAMPLES; sample++) {
    const drawn = drawnFrom(`corpus ${sample}`);
    for (const carrier of CARRIERS) {
      drawSecrets(drawn).forEach((secret, i) => {
        const text = carrier.write(secret);
        if (text === undefined) return;
        const file = `planted/${sample}/${i}.${carrier.extension}`;
        write(file, text);
        const { kind, rule, value } = secret;
        planted.push({ file, kind, rule, carrier: carrier.name, value });
      });
    }
    for (const lookAlike of drawLookAlikes(drawn, sample)) {
      write(lookAlike.file, lookAlike.text);
      lookAlikes.push(lookAlike);
    }
  }
  return { planted, lookAlikes };
}
