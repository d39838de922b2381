import { CountersignError } from '@countersign/client';
import type { Dialect } from '@countersign/core';
import { differenceText, isClockGood, mendingText, windowVerdicts } from '../clock/clock-view.ts';
import { readServerClock } from '../clock/server-time.ts';
import { faultOf } from '../signing/signing-fault.ts';
import { type Fact, factsOf, NO_ADDRESS } from './fact.ts';

const fact = factsOf('clock');

/** This machine's clock against the server's, and whether a dialect still takes it. */
export async function clockFacts(
  url: URL | undefined,
  clock: () => number,
  dialect: Dialect | undefined,
): Promise<Fact[]> {
  if (url === undefined) return [fact('server', 'unknown', NO_ADDRESS)];
  try {
    const reading = await readServerClock(url, clock);
    const isGood = isClockGood(reading);
    const refusing = windowVerdicts(reading, dialect === undefined ? [] : [dialect]).filter(
      ({ isTaken }) => !isTaken,
    );
    return [
      fact(
        'this machine',
        isGood ? 'good' : 'wrong',
        differenceText(reading),
        isGood ? undefined : mendingText(),
      ),
      ...refusing.map(({ dialect: name, pastMs, futureMs }) =>
        fact(
          'window',
          'wrong',
          `${name} takes ${pastMs / 1000} s behind and ${futureMs / 1000} s ahead, and no more`,
          mendingText(),
        ),
      ),
    ];
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    const { code, message, advice } = faultOf(error);
    const cannotTell = code === 'answer_unexpected' && message.includes('Date');
    return [fact('server', cannotTell ? 'unknown' : 'wrong', `${code}: ${message}`, advice)];
  }
}
