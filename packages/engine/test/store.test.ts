import { accountsContract } from './accounts.contract.ts';
import { activityContract } from './activity.contract.ts';
import { reservationsContract } from './reservations.contract.ts';
import { storeContract } from './store.contract.ts';
import { STORES } from './store-adapters.ts';
import { storeQueriesContract } from './store-queries.contract.ts';
import { storeScheduleContract } from './store-schedule.contract.ts';

for (const adapter of STORES) {
  storeContract(adapter);
  storeQueriesContract(adapter);
  accountsContract(adapter);
  activityContract(adapter);
  reservationsContract(adapter);
  storeScheduleContract(adapter);
}
