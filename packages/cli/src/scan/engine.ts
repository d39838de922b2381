import type { lintSource as LintSource } from '@secretlint/core';
import type { SecretLintCoreConfig, SecretLintRuleCreator } from '@secretlint/types';
import type { Hit, SecretRule } from './rules/secret-rule.ts';

/** A hit, with the rule that made it. */
export interface RuleHit extends Hit {
  readonly rule: SecretRule;
  /** The rule's place among the rules. */
  readonly order: number;
}

export interface EngineResult {
  readonly hits: readonly RuleHit[];
  /** Whether a rule found more than are listed. */
  readonly isCut: boolean;
}

/** Runs rules over a text. */
export type Engine = (text: string, path: string) => Promise<EngineResult>;

/** secretlint compares every message of a text with every other. */
const MOST_HITS = 500;

/**
 * Makes an engine of secretlint with our rules. secretlint is loaded when it is first needed. Its own rules, and its
 * comments that switch rules off, are not: what is allowed stands in a file that is reviewed.
 */
export async function createEngine(rules: readonly SecretRule[]): Promise<Engine> {
  const [{ lintSource }, { secretLintProfiler }] = await Promise.all([
    import('@secretlint/core'),
    import('@secretlint/profiler'),
  ]);
  // The profiler keeps every mark of every file, and walks through all of them for each: it is for benchmarks.
  secretLintProfiler.mark = () => {};
  const config: SecretLintCoreConfig = {
    rules: rules.map((rule) => ({ id: rule.id, rule: creatorOf(rule) })),
  };
  const byId = new Map(rules.map((rule, order) => [rule.id, { rule, order }]));
  return (text, path) => hits(lintSource, config, byId, text, path);
}

async function hits(
  lintSource: typeof LintSource,
  config: SecretLintCoreConfig,
  byId: ReadonlyMap<string, { rule: SecretRule; order: number }>,
  text: string,
  path: string,
): Promise<EngineResult> {
  const { messages } = await lintSource({
    source: { content: text, filePath: path, ext: '', contentType: 'text' },
    options: { config, noPhysicFilePath: true },
  });
  const hits = messages.flatMap(({ ruleId, data }) => {
    const known = byId.get(ruleId);
    return known === undefined ? [] : [{ ...(data as Hit), ...known }];
  });
  return {
    hits,
    isCut: [...byId.keys()].some((id) => messages.filter(({ ruleId }) => ruleId === id).length >= MOST_HITS),
  };
}

/** Gives a rule of ours the form of secretlint's. The message never holds the secret; the hit goes along as data. */
function creatorOf(rule: SecretRule): SecretLintRuleCreator {
  const messages = { found: { en: ({ detail }: Hit) => detail } };
  return {
    messages,
    meta: { id: rule.id, type: 'scanner', recommended: true, supportedContentTypes: ['text'] },
    create(context) {
      const translate = context.createTranslator(messages);
      return {
        file({ content, filePath }) {
          let count = 0;
          for (const hit of rule.find({ text: content, path: filePath ?? '' })) {
            if (++count > MOST_HITS) return;
            context.report({ message: translate('found', hit), range: [hit.start, hit.end] });
          }
        },
      };
    },
  };
}
