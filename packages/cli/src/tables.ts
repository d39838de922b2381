import Table from 'cli-table3';
import { plain, type Terminal } from './terminal.ts';

const NO_LINES = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
  ].map((name) => [name, '']),
);
const STYLE = { head: [], border: [], 'padding-left': 0, 'padding-right': 0 };
const MAX_CELL = 48;

/** A text, or one in color. The text may come from elsewhere: control characters are taken out of it. */
export type Cell = string | { readonly text: string; readonly paint: (text: string) => string };

/** Draws rows under a heading, with as little around them as can be read. A cell is cut off after `longest` characters. */
export function table(
  { colors }: Terminal,
  heading: readonly string[],
  rows: readonly (readonly Cell[])[],
  longest = MAX_CELL,
): string {
  const drawn = new Table({
    head: heading.map((name) => colors.bold(name)),
    chars: { ...NO_LINES, middle: '  ' },
    style: STYLE,
  });
  const clean = (text: string) => shortened(plain(text), longest);
  drawn.push(...rows.map((cells) => cells.map((cell) => drawnCell(cell, clean))));
  return withoutTrailingSpace(drawn.toString());
}

/** Draws names and their values, one a line. A value of several lines stays in its column. */
export function fields({ colors }: Terminal, pairs: readonly (readonly [string, Cell])[]): string {
  const drawn = new Table({
    chars: { ...NO_LINES, middle: '  ' },
    style: STYLE,
  });
  drawn.push(...pairs.map(([name, value]) => [colors.bold(name), drawnCell(value, lines)]));
  return withoutTrailingSpace(drawn.toString());
}

function drawnCell(cell: Cell, clean: (text: string) => string): string {
  return typeof cell === 'string' ? clean(cell) : cell.paint(clean(cell.text));
}

function lines(text: string): string {
  return text.split('\n').map(plain).join('\n');
}

function shortened(text: string, longest: number): string {
  const characters = [...text];
  return characters.length > longest ? `${characters.slice(0, longest - 1).join('')}…` : text;
}

function withoutTrailingSpace(text: string): string {
  return text.replaceAll(/ +$/gm, '');
}

/** `2027-02-01 00:00`, in UTC; `never` where there is no time. */
export function instant(iso: string | null, none = 'never'): string {
  return iso === null ? none : `${iso.slice(0, 10)} ${iso.slice(11, 16)}Z`;
}
