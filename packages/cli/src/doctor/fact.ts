/** The parts of the page, in their order. */
export const SECTIONS = ['versions', 'environment', 'files', 'clock', 'TLS', 'key', 'address'] as const;
export type Section = (typeof SECTIONS)[number];

/** `notice`: not wrong, and worth a look. `unknown`: could not be found out, and the text says why. */
export type FactState = 'good' | 'wrong' | 'notice' | 'unknown';

/** Something that was found out, or not. Never holds a value of a variable, nor what is in a file. */
export interface Fact {
  readonly section: Section;
  readonly name: string;
  readonly state: FactState;
  readonly text: string;
  /** What to do, where something is to be done. */
  readonly advice?: string | undefined;
}

/** Why nothing is known of a server. */
export const NO_ADDRESS = 'no address is given: --url, --probe or COUNTERSIGN_URL';

/** Makes facts of one section. */
export function factsOf(section: Section) {
  return (name: string, state: FactState, text: string, advice?: string): Fact => ({
    section,
    name,
    state,
    text,
    advice,
  });
}
