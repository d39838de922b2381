import { createMemoryClaimAndMeter } from '@countersign/engine';
import { type ClaimAndMeterAdapter, claimAndMeterContract } from './claim-and-meter.contract.ts';
import { takenAndGivenBackContract } from './taken-and-given-back.contract.ts';

const ADAPTERS: readonly ClaimAndMeterAdapter[] = [
  { name: 'memory', hasCapacity: true, open: async (options) => createMemoryClaimAndMeter(options) },
];

for (const adapter of ADAPTERS) {
  claimAndMeterContract(adapter);
  takenAndGivenBackContract(adapter);
}
