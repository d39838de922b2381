export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** When a credential may be used, by the wall clock of a time zone. */
export interface Hours {
  /** A name of the IANA time zone database, like `Europe/Berlin`. */
  readonly timeZone: string;
  /** Outside all of them nothing is allowed. */
  readonly windows: readonly HoursWindow[];
}

export interface HoursWindow {
  readonly days: readonly Weekday[];
  /** `HH:MM`, the first minute of the window. */
  readonly from: string;
  /** `HH:MM`, the first minute after it; `24:00` is the end of the day. Later than `from`. */
  readonly to: string;
}

/** Conditions beyond permissions, as they are stored. Amounts are decimal texts, never floats. */
export interface Constraints {
  readonly instruments?: readonly string[] | undefined;
  readonly sides?: readonly string[] | undefined;
  readonly orderTypes?: readonly string[] | undefined;
  readonly maxNotionalPerOrder?: string | undefined;
  /** What all orders of any 24 hours may come to. */
  readonly maxNotionalPerDay?: string | undefined;
  /** What all orders of any 720 hours may come to. */
  readonly maxNotionalPer30Days?: string | undefined;
  readonly withdrawalAddresses?: readonly string[] | undefined;
  readonly hours?: Hours | undefined;
  /** In the Common Expression Language, over the facts of a request. */
  readonly expression?: string | undefined;
}
