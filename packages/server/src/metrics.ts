import type { Decision, Engine } from '@countersign/engine';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

export interface Metrics {
  readonly countDecision: (decision: Decision) => void;
  readonly watch: (engine: Engine) => void;
  readonly text: () => Promise<string>;
}

/** Metrics for Prometheus. No label ever holds a credential, an account or an address. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  // Counted by text and handed over when asked for: the library's own counting costs more than a decision.
  const counts = new Map<string, number>();
  new Counter({
    name: 'countersign_decisions_total',
    help: 'Decisions, by outcome ("allowed", "public" or the denial code) and dialect',
    labelNames: ['outcome', 'dialect'],
    registers,
    collect() {
      this.reset();
      for (const [text, count] of counts) {
        const [outcome = '', dialect = ''] = text.split(' ');
        this.inc({ outcome, dialect }, count);
      }
    },
  });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  return {
    countDecision(decision) {
      const text = decision.allowed
        ? decision.dialect === null
          ? 'public '
          : `allowed ${decision.dialect}`
        : `${decision.code} `;
      counts.set(text, (counts.get(text) ?? 0) + 1);
    },
    watch(engine) {
      const health = () => engine.health();
      gauge('countersign_cached_credentials', 'Credentials in memory', () => health().cachedCredentials);
      gauge('countersign_pending_log_entries', 'Decisions not yet written', () => health().pendingLogEntries);
      gauge('countersign_log_writable', '1 while the audit log can be written', () =>
        Number(health().logIsWritable),
      );
      gauge('countersign_upkeep_working', '1 unless the last pass of upkeep failed', () =>
        Number(health().upkeepFault === null),
      );
    },
    text: () => registry.metrics(),
  };
}
