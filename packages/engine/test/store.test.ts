import { accountsContract } from './accounts.contract.ts';
import { storeContract } from './store.contract.ts';
import { STORES } from './store-adapters.ts';
import { storeQueriesContract } from './store-queries.contract.ts';

for (const adapter of STORES) {
  storeContract(adapter);
  storeQueriesContract(adapter);
  accountsContract(adapter);
}
