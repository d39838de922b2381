import { describe, expect, it } from 'vitest';
import { ask } from '../../test/given.ts';
import { credentialOf, requestOf, type VectorCredential, vectorFilesOf } from '../../test/vectors.ts';
import type { WireRequest } from '../message.ts';
import type { Dialect, RequestPart } from './dialect.ts';
import { DIALECTS } from './registry.ts';

/*
 * Each part of a captured request is changed, one at a time. What a signature covers must then be refused; what
 * the dialect says it leaves open must pass, or the list would say too much.
 */

interface Attack {
  readonly part: RequestPart | 'proof';
  readonly name: string;
  readonly request: WireRequest;
}

const PER_KIND = 4;

function captured(dialect: Dialect) {
  return vectorFilesOf(dialect.name).flatMap(({ vectors }) => {
    const good = vectors.cases.filter(({ outcome, message }) => outcome === 'ok' && message === undefined);
    // Some of each kind of credential, and requests with and without a body.
    const taken = new Map<string, number>();
    const some = good.filter(({ credential, request }) => {
      const kind = [credential, request.method, (request.body ?? request.bodyHex ?? '') === ''].join(' ');
      taken.set(kind, (taken.get(kind) ?? 0) + 1);
      return (taken.get(kind) as number) <= PER_KIND;
    });
    return some.map((vector) => ({
      name: vector.name,
      request: requestOf(vector.request),
      credential: credentialOf(vectors.credentials[vector.credential] as VectorCredential),
      given: { nowMs: vector.nowMs, context: vector.context ?? {} },
    }));
  });
}

describe.each(DIALECTS)('$name', (dialect) => {
  const requests = captured(dialect);
  const passed = new Set<string>();

  it.each(requests)('$name', ({ request, credential, given }) => {
    expect(ask(dialect, request, credential, given).ok).toBe(true);
    for (const attack of attacksOn(dialect, request)) {
      const claim = dialect.read(attack.request, given.context);
      const ok =
        ask(dialect, attack.request, credential, given).ok && claim.ok && claim.keyId === credential.id;
      if (ok) passed.add(attack.part);
      const isOpen = (dialect.uncovered as readonly string[]).includes(attack.part);
      expect(ok && !isOpen, `${attack.part}: ${attack.name}`).toBe(false);
    }
  });

  it('leaves open just what it says', () => {
    expect([...passed].sort()).toEqual([...dialect.uncovered].sort());
  });
});

function attacksOn(dialect: Dialect, request: WireRequest): Attack[] {
  const { method, target, headers, body } = request;
  const attacks: Attack[] = [];
  const add = (part: Attack['part'], name: string, over: Partial<WireRequest>) =>
    attacks.push({ part, name, request: { ...request, ...over } });

  for (const other of ['GET', 'POST', 'PUT', 'DELETE'])
    if (other !== method) add('method', other, { method: other });

  const mark = target.includes('?') ? target.indexOf('?') : target.length;
  add('path', 'longer', { target: `${target.slice(0, mark)}x${target.slice(mark)}` });
  add('path', 'a slash more', { target: `${target.slice(0, mark)}/${target.slice(mark)}` });
  add('path', 'another', { target: `/another${target.slice(mark)}` });
  const separator = target.includes('?') ? '&' : '?';
  add('query', 'a field more', { target: `${target}${separator}zz=1` });
  if (mark < target.length - 1) {
    const [one] = target.slice(mark).match(/=[^&]*/) ?? [];
    if (one !== undefined) add('query', 'another value', { target: target.replace(one, `${one}1`) });
    if (!carriesProof(dialect, target)) add('query', 'none', { target: target.slice(0, mark) });
  }

  add('body', 'longer', { body: Buffer.concat([body, Buffer.from(' ')]) });
  if (body.length > 0) {
    add('body', 'none', { body: Buffer.alloc(0) });
    const digit = body.findIndex((byte) => byte >= 0x30 && byte <= 0x39);
    if (digit !== -1) {
      const changed = Buffer.from(body);
      changed[digit] = changed[digit] === 0x39 ? 0x31 : (changed[digit] as number) + 1;
      add('body', 'another digit', { body: changed });
    }
  }

  const host = headers.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === 'host');
  if (host === -1) add('host', 'another', { headers: [...headers, 'Host', 'evil.example'] });
  else add('host', 'another', { headers: headers.with(host + 1, 'evil.example') });

  for (const [i, name] of headers.entries()) {
    if (i % 2 === 1 || !dialect.securityHeaders.includes(name.toLowerCase())) continue;
    const value = headers[i + 1] as string;
    add('proof', `${name} longer`, { headers: headers.with(i + 1, `${value}A`) });
    add('proof', `${name} changed`, {
      headers: headers.with(i + 1, value.slice(0, -1) + other(value.at(-1))),
    });
    add('proof', `${name} changed in front`, {
      headers: headers.with(i + 1, other(value[0]) + value.slice(1)),
    });
    add('proof', `${name} twice`, { headers: [...headers, name, value] });
    add('proof', `no ${name}`, { headers: headers.filter((_, j) => j !== i && j !== i + 1) });
  }
  return attacks;
}

function other(character: string | undefined): string {
  return character === 'A' ? 'B' : 'A';
}

/** Whether the proof stands in the query, which is then no query without it. */
function carriesProof({ securityHeaders }: Dialect, target: string): boolean {
  return securityHeaders.length === 0 || /signature=/i.test(target);
}
