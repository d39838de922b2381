import { KeyImport } from '@countersign/contract';
import { InvalidArgumentError } from 'commander';
import { collectRateLimit } from '../../option-values.ts';

/** How the text of a cell becomes a value of the API's field. Throws `InvalidArgumentError` for one that cannot. */
type Reader = (text: string) => unknown;

/** A column: the field that it sets, and how. */
export interface Column {
  /** Names from the outside in, like `['constraints', 'instruments']`. */
  readonly path: readonly string[];
  readonly read: Reader;
}

/** As much of JSON Schema as the form of a key is described with. */
interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

const document = KeyImport.toJSONSchema({ io: 'input', unrepresentable: 'any' }) as Schema;
const root = resolved(document);
/** Without a column for them, no line could be imported. Who is granted nothing needs no column that says so. */
const REQUIRED = (root.required ?? []).filter((name) => name !== 'permissions');

/** Every column that there is; `metadata.…` stands for one of any name. */
const COLUMN_NAMES: readonly string[] = namesIn(root, '');

/** The columns that a header names, or what is wrong with it. */
export function columnsOf(names: readonly string[]): readonly Column[] | string {
  const columns = names.map((name) => columnNamed(name.split('.'), root));
  if (columns.every((column) => column === undefined)) {
    return `is no header: it names none of the columns ${COLUMN_NAMES.join(', ')}, separated by commas`;
  }
  for (const [i, name] of names.entries()) {
    if (columns[i] === undefined)
      return `has an unknown column ${i + 1}: ${JSON.stringify(name.slice(0, 64))}`;
    if (names.indexOf(name) !== i) return `names the column ${name} twice`;
  }
  const missing = REQUIRED.filter((name) => !names.includes(name));
  if (missing.length > 0) return `lacks the column ${missing.join(' and ')}`;
  return columns as Column[];
}

function columnNamed(path: readonly string[], schema: Schema): Column | undefined {
  const [first = '', ...rest] = path;
  const properties = schema.properties ?? {};
  if (!Object.hasOwn(properties, first)) return undefined;
  const field = resolved(properties[first] as Schema);
  if (isRecord(field)) {
    const name = rest.join('.');
    return name === '' ? undefined : { path: [first, name], read: (text) => text };
  }
  if (field.properties !== undefined) {
    const inner = columnNamed(rest, field);
    return inner === undefined ? undefined : { ...inner, path: [first, ...inner.path] };
  }
  return rest.length > 0 ? undefined : { path: [first], read: readerFor(first, field) };
}

function readerFor(name: string, { type, items }: Schema): Reader {
  if (name === 'rateLimits')
    return (text) => listIn(text).reduce<Limits>((all, one) => collectRateLimit(one, all), []);
  if (type === 'string') return (text) => text;
  if (type === 'integer' || type === 'number') return numberIn;
  if (type === 'array' && resolved(items ?? {}).type === 'string') return listIn;
  return jsonIn;
}

type Limits = ReturnType<typeof collectRateLimit>;

function listIn(text: string): string[] {
  return text.split(/[\s;]+/).filter((part) => part !== '');
}

function numberIn(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Write a whole number.');
  return Number(text);
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('Write JSON.');
  }
}

/** An object of any names. */
function isRecord({ type, properties }: Schema): boolean {
  return type === 'object' && properties === undefined;
}

function resolved(schema: Schema): Schema {
  const name = schema.$ref?.replace('#/$defs/', '');
  const found = name === undefined ? undefined : document.$defs?.[name];
  return found ?? schema;
}

function namesIn(schema: Schema, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const field = resolved(inner);
    if (isRecord(field)) return [`${prefix}${name}.…`];
    return field.properties === undefined ? [prefix + name] : namesIn(field, `${prefix}${name}.`);
  });
}
