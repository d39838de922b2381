import { CountersignError } from '@countersign/client';
import type { Context } from '../context.ts';
import { readEnvText } from '../env/env-text.ts';
import { readPublicFile } from '../private-file.ts';
import { readBotKey } from '../signing/bot-key.ts';
import { clockFacts } from './clock-facts.ts';
import { environmentFacts } from './environment.ts';
import type { Examination, FoundKey } from './examination.ts';
import type { Fact } from './fact.ts';
import { fileFacts, type SecretFile } from './files.ts';
import { examineKey } from './key-examination.ts';
import { tlsFacts } from './transport-security.ts';
import { versionFacts } from './versions.ts';

/** Looks at everything. No fact holds a secret, nor the value of any variable. */
export async function examine(context: Context, given: Examination): Promise<Fact[]> {
  const { clock } = context;
  const { server, version, dialect } = given;
  const found = await findKey(context, given);
  const parts = await Promise.all([
    versionFacts(version, server),
    environmentFacts(await ownEnvironment(context, given)),
    ...filesOf(given).map((file) => fileFacts(file, clock())),
    clockFacts(server, clock, dialect),
    tlsFacts(server, clock()),
    examineKey(context, given, found),
  ]);
  return parts.flat();
}

async function findKey(context: Context, given: Examination): Promise<FoundKey> {
  try {
    return { bot: await readBotKey(context, given), fault: undefined };
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    return { bot: undefined, fault: error };
  }
}

/** Our environment, less what Node took from an --env-file: it reads the file itself, before this command runs. */
async function ownEnvironment({ env }: Context, { envFile }: Examination): Promise<Context['env']> {
  if (envFile === undefined || envFile === '-') return env;
  const text = await readPublicFile(envFile).catch(() => '');
  const ofFile = readEnvText(text);
  return Object.fromEntries(Object.entries(env).filter(([name, value]) => ofFile.get(name) !== value));
}

function filesOf({ envFile, keyFile, operatorEnvFile }: Examination): SecretFile[] {
  const files = [
    { option: '--env-file', path: envFile, isEnv: true },
    { option: '--key-file', path: keyFile, isEnv: false },
    { option: '--operator-env-file', path: operatorEnvFile, isEnv: true },
  ];
  return files.filter((file): file is SecretFile => file.path !== undefined && file.path !== '-');
}
