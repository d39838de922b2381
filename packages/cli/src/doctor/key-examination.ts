import { CountersignError } from '@countersign/client';
import { type Dialect, dialectNamed, idInToken } from '@countersign/core';
import { CommandError } from '../command-error.ts';
import { type Connection, findConnection } from '../connection.ts';
import type { Context } from '../context.ts';
import { createBotClient } from '../signing/bot-client.ts';
import type { BotKey } from '../signing/bot-key.ts';
import { faultOf } from '../signing/signing-fault.ts';
import type { Examination, FoundKey } from './examination.ts';
import { type Fact, factsOf } from './fact.ts';
import { probeFacts } from './probe.ts';
import { askedFacts } from './service-questions.ts';

const key = factsOf('key');
const address = factsOf('address');
const HOW = 'without --operator-env-file FILE or --probe METHOD URL';

/** What can be known of the key: by looking at it, from the service, and from a request that is signed with it. */
export async function examineKey(context: Context, given: Examination, found: FoundKey): Promise<Fact[]> {
  const { probe, dialect, kind } = given;
  const facts = [materialFact(given, found)];
  const operator = await operatorOf(context, given, found.bot);
  const keyId = given.keyId ?? found.bot?.keyId ?? idInToken(operator.connection?.token ?? '');
  if (operator.fault !== undefined) facts.push(operator.fault);
  if (operator.connection !== undefined && keyId !== undefined) {
    const { connection } = operator;
    facts.push(...(await askedFacts({ connection, keyId, dialect, nowMs: context.clock() })));
  } else {
    facts.push(
      key('status', 'unknown', 'status and expiry cannot be known without --operator-env-file FILE'),
    );
  }
  if (probe !== undefined && dialect !== undefined && found.bot !== undefined) {
    facts.push(...(await probeFacts(context, probe, found.bot, { dialect, kind })));
  }
  const isKnown = facts.some(({ section }) => section === 'address');
  return isKnown ? facts : [...facts, address('allowed', 'unknown', `cannot be known ${HOW}`)];
}

/** Whether id, secret and passphrase are whole, fit each other, and fit the dialect. */
function materialFact(given: Examination, { bot, fault }: FoundKey): Fact {
  const { dialect, kind, envFile, keyFile, keychain } = given;
  if (bot === undefined) {
    const isMeant = [envFile, keyFile, keychain].some((option) => option !== undefined);
    return isMeant ? withoutPaths(given, faultFact(fault)) : key('secret', 'unknown', fault.message);
  }
  if (dialect === undefined && isOperators(bot)) {
    return key('secret', 'notice', "is an operator's bearer token, and no secret for signing");
  }
  try {
    const usual = dialect ?? (dialectNamed('rfc9421') as Dialect);
    createBotClient(bot, { dialect: usual, kind }, { origin: 'https://offline.invalid', clock: () => 0 });
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    return faultFact(error);
  }
  return key('secret', 'good', dialect === undefined ? 'is whole' : `is whole, and fits ${dialect.name}`);
}

/** A path may be a secret that was given in the wrong place: the option is named, not what was given with it. */
function withoutPaths({ envFile, keyFile, passphraseFile }: Examination, fact: Fact): Fact {
  const options = { '--env-file': envFile, '--key-file': keyFile, '--passphrase-file': passphraseFile };
  const text = Object.entries(options).reduce(
    (before, [option, path]) => (path ? before.replaceAll(path, option) : before),
    fact.text,
  );
  return { ...fact, text };
}

function faultFact(error: CountersignError): Fact {
  const { code, message, advice } = faultOf(error);
  return key('secret', 'wrong', `${code}: ${message}`, advice);
}

function isOperators({ secret }: BotKey): boolean {
  return idInToken(secret) !== undefined;
}

/**
 * An operator's credential: that of a file of its own, or the one that stands in the environment where a bot's secret
 * would. It goes to the address that stands beside it, and never to the one that the bot talks to.
 */
async function operatorOf(
  { env }: Context,
  { operatorEnvFile, envFile, keyFile, keychain }: Examination,
  bot: BotKey | undefined,
): Promise<{ readonly connection?: Connection; readonly fault?: Fact }> {
  try {
    if (operatorEnvFile !== undefined) {
      return { connection: await findConnection({ envFile: operatorEnvFile }, {}) };
    }
    const isFromEnvironment = [envFile, keyFile, keychain].every((option) => option === undefined);
    if (bot === undefined || !isOperators(bot) || !isFromEnvironment) return {};
    return { connection: await findConnection({}, env) };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const [first = ''] = error.message.split('\n');
    return { fault: key('operator', 'wrong', first, 'Correct --operator-env-file.') };
  }
}
