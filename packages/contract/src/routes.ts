import { ACCOUNT_ROUTES } from './routes/account-routes.ts';
import { ADVICE_ROUTES } from './routes/advice-routes.ts';
import { KEY_ROUTES } from './routes/key-routes.ts';
import { SERVICE_ROUTES } from './routes/service-routes.ts';
import { VERIFY_ROUTES } from './routes/verify-routes.ts';

export type { RouteContract } from './routes/route-contract.ts';

/** Every route of the management and verify API. The server registers exactly these. */
export const ROUTES = {
  ...KEY_ROUTES,
  ...ADVICE_ROUTES,
  ...ACCOUNT_ROUTES,
  ...VERIFY_ROUTES,
  ...SERVICE_ROUTES,
} as const;

export type RouteId = keyof typeof ROUTES;
