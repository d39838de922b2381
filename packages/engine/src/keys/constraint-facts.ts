/** The fact that each constraint on a request is held against. Hours need none, and an expression names its own. */
export const FACT_OF_CONSTRAINT = {
  instruments: 'instrument',
  sides: 'side',
  orderTypes: 'orderType',
  maxNotionalPerOrder: 'notional',
  maxNotionalPerDay: 'notional',
  maxNotionalPer30Days: 'notional',
  withdrawalAddresses: 'address',
} as const;
