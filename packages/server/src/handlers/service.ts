import { existsSync, readFileSync } from 'node:fs';
import { type AuditQuery, ERROR_CODES, ERRORS, openApiDocument } from '@countersign/contract';
import type { Engine, FileKeyring, Keyring } from '@countersign/engine';
import type { z } from 'zod';
import type { Metrics } from '../metrics.ts';
import type { AnswerKey } from '../signed-answers/answer-key.ts';
import { type Call, done, failed, type Reply } from './handler.ts';

const DOCS = new URL('../../../../docs/', import.meta.url);
const PAGE = /^(?:errors\/|dialects\/)?[a-z0-9_-]+$/;
const MARKDOWN = { 'content-type': 'text/markdown; charset=utf-8' };

interface Parts {
  readonly engine: Engine;
  readonly keyring: Keyring;
  readonly metrics: Metrics;
  readonly version: string;
  /** What answers are signed with, if they are. */
  readonly answerKey: Pick<AnswerKey, 'keyId' | 'publicKey'> | undefined;
  readonly isStopping: () => boolean;
}

/** Log, keyring, health, metrics and documents. */
export function serviceHandlers({ engine, keyring, metrics, version, answerKey, isStopping }: Parts) {
  const document = JSON.stringify(openApiDocument(version));
  return {
    listAuditEntries: async ({ query }: Call) => {
      const { latest, ...asked } = query as z.output<typeof AuditQuery>;
      const isLatest = latest === 'true';
      const entries = await engine.store.readLog({ ...asked, isLatest });
      const data = entries.map(({ index, bytes }) => ({ index, ...(JSON.parse(bytes) as object) }));
      const last = data.at(-1);
      return done({
        data,
        nextCursor:
          !isLatest && data.length === asked.limit && last !== undefined ? String(last.index) : null,
      });
    },
    showKeyring: () => done(engine.keyring.state()),
    rotateKeyring: async ({ caller }: Call) => {
      if (!isRotatable(keyring)) {
        return failed(
          'keyring_not_rotatable',
          'Put a new key in front of the keyring, and start the service again.',
        );
      }
      const currentKekId = await keyring.addKek();
      await engine.store.commit({
        records: [],
        entries: [
          { at: Date.now(), type: 'keyring.rotated', actor: caller.credentialId, data: { currentKekId } },
        ],
      });
      engine.keyring.resume();
      return done(engine.keyring.state());
    },
    showAnswerKey: () =>
      answerKey === undefined
        ? failed('not_found', 'Answers are not signed here: COUNTERSIGN_SIGN_ANSWERS=true would.')
        : done({ keyId: answerKey.keyId, algorithm: 'ed25519', publicKey: answerKey.publicKey }),
    metrics: async () =>
      text(await metrics.text(), { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }),
    livez: () => done({ status: 'ok', reasons: [] }),
    readyz: () => {
      const health = engine.health();
      const reasons = [
        ...(isStopping() ? ['the service is stopping'] : []),
        ...(health.feedIsFresh ? [] : ['the change feed is stale']),
        ...(health.logIsWritable ? [] : ['the audit log cannot be written']),
      ];
      if (reasons.length === 0) return done({ status: 'ok', reasons });
      return {
        ok: true as const,
        status: 503,
        body: { status: 'unavailable', reasons },
        headers: { 'retry-after': '1' },
      };
    },
    openapi: () => text(document, { 'content-type': 'application/json' }),
    docs: () => text(listOfErrors(), MARKDOWN),
    errorPage: ({ params }: Call) => page(`errors/${(params as { code: string }).code}`),
    guidePage: ({ params }: Call) => page((params as { page: string }).page),
    dialectPage: ({ params }: Call) => page(`dialects/${(params as { page: string }).page}`),
  };
}

function text(body: string, headers: Record<string, string>): Reply {
  return { ok: true, body, headers };
}

/** A page of the documentation, by its name with or without `.md`: links between pages work here as in files. */
function page(name: string): Reply {
  const plain = name.replace(/\.md$/, '');
  const file = PAGE.test(plain) ? new URL(`${plain}.md`, DOCS) : undefined;
  if (file === undefined || !existsSync(file)) return failed('not_found', 'There is no such page.');
  return text(readFileSync(file, 'utf8'), MARKDOWN);
}

function isRotatable(keyring: Keyring): keyring is FileKeyring {
  return 'addKek' in keyring;
}

function listOfErrors(): string {
  const rows = ERROR_CODES.map(
    (code) => `- [${code}](/docs/errors/${code}) (${ERRORS[code].status}): ${ERRORS[code].title}`,
  );
  return `# Countersign\n\nThe API is described at [/openapi.json](/openapi.json).\n\n## Errors\n\n${rows.join('\n')}\n`;
}
