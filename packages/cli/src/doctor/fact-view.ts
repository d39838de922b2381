import { plain, type Terminal } from '../terminal.ts';
import { type Fact, type FactState, SECTIONS } from './fact.ts';

const MARKS: Readonly<Record<FactState, string>> = {
  good: 'ok',
  wrong: 'WRONG',
  notice: 'note',
  unknown: '?',
};

/** Draws the page: sections, a fact a line, and below it what to do about it. */
export function factPage({ colors }: Terminal, facts: readonly Fact[]): string {
  const width = Math.max(...facts.map(({ name }) => name.length));
  const paints = { good: colors.green, wrong: colors.red, notice: colors.yellow, unknown: colors.dim };
  const lines = SECTIONS.flatMap((section) => {
    const own = facts.filter((fact) => fact.section === section);
    const drawn = own.flatMap(({ name, state, text, advice }) => [
      `  ${paints[state](MARKS[state].padEnd(5))}  ${name.padEnd(width)}  ${plain(text)}`,
      ...(advice === undefined ? [] : [`${' '.repeat(width + 11)}→ ${plain(advice)}`]),
    ]);
    return own.length === 0 ? [] : [colors.bold(section), ...drawn, ''];
  });
  return [...lines, summary(facts)].join('\n');
}

function summary(facts: readonly Fact[]): string {
  const wrong = facts.filter(({ state }) => state === 'wrong').length;
  const unknown = facts.filter(({ state }) => state === 'unknown').length;
  const rest = unknown === 0 ? '' : ` ${counted(unknown)} could not be found out.`;
  return `${wrong === 0 ? 'Nothing is wrong.' : `${counted(wrong)} wrong.`}${rest}`;
}

function counted(count: number): string {
  return count === 1 ? '1 fact' : `${count} facts`;
}
