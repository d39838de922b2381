import { describe, expect, it } from 'vitest';
import {
  aCredential,
  aProof,
  aRequest,
  aSigningKey,
  ask,
  denialOf,
  keyRow,
  signed,
} from '../../test/given.ts';
import { faultInRequestLine, type WireRequest } from '../message.ts';
import { bitget } from './bitget.ts';
import { coinbaseExchange } from './coinbase-exchange.ts';
import { kucoin } from './kucoin.ts';
import { okx } from './okx.ts';
import { DIALECTS } from './registry.ts';

const credential = aCredential();
const VERSION = 'KC-API-KEY-VERSION';

/** The request with another value of a header, or without it. */
function withHeader(sent: WireRequest, name: string, value: string | undefined): WireRequest {
  const at = sent.headers.indexOf(name);
  const rest = sent.headers.filter((_, i) => i !== at && i !== at + 1);
  return { ...sent, headers: value === undefined ? rest : [...rest, name, value] };
}

describe('the version of a key', () => {
  const sent = signed(kucoin, aRequest());
  const plain = withHeader(sent, 'KC-API-PASSPHRASE', 'Passphrase1');

  it('is 1 where the header says so, as where there is none', () => {
    for (const version of ['1', undefined]) {
      expect(ask(kucoin, withHeader(plain, VERSION, version), credential)).toMatchObject({ ok: true });
      expect(denialOf(ask(kucoin, withHeader(sent, VERSION, version), credential)).code).toBe(
        'passphrase_mismatch',
      );
    }
  });

  it('is 3 when we sign, and may be called 2', () => {
    expect(sent.headers[sent.headers.indexOf(VERSION) + 1]).toBe('3');
    expect(ask(kucoin, withHeader(sent, VERSION, '2'), credential)).toMatchObject({ ok: true });
    for (const version of ['2', '3']) {
      expect(denialOf(ask(kucoin, withHeader(plain, VERSION, version), credential)).code).toBe(
        'passphrase_mismatch',
      );
    }
  });

  it('makes nothing of a signed passphrase for a key with another secret, or with none', () => {
    const other = aCredential({ proofs: [aProof({ key: keyRow('another-secret') })] });
    const both = signed(kucoin, aRequest(), aSigningKey('another-secret'));
    const stolen = sent.headers[sent.headers.indexOf('KC-API-PASSPHRASE') + 1];
    expect(denialOf(ask(kucoin, withHeader(both, 'KC-API-PASSPHRASE', stolen), other)).code).toBe(
      'passphrase_mismatch',
    );
  });
});

describe('the border between query and body of a DELETE', () => {
  const target = '/api/v1/orders';
  const body = Buffer.from('{"orderIdsList":["1"]}');

  it('cannot be crossed by a JSON body, in any spelling', () => {
    const sent = signed(kucoin, aRequest({ method: 'DELETE', target, body }));
    expect(ask(kucoin, sent, credential)).toMatchObject({ ok: true });
    const text = body.toString();
    for (const spelt of [text, encodeURI(text), encodeURIComponent(text)]) {
      for (const between of ['', '?', '?x=', '&']) {
        const moved = { ...sent, target: target + between + spelt, body: Buffer.alloc(0) };
        const isRefused = faultInRequestLine('DELETE', moved.target) !== undefined;
        expect(isRefused || !ask(kucoin, moved, credential).ok).toBe(true);
      }
    }
  });

  it('cannot be crossed by the end of a query, at any place behind its mark', () => {
    const query = '?symbol=BTC-USDT&filter={"a":1}';
    const sent = signed(kucoin, aRequest({ method: 'DELETE', target: target + query }));
    for (let cut = 1; cut < query.length; cut++) {
      const moved = { ...sent, target: target + query.slice(0, cut), body: Buffer.from(query.slice(cut)) };
      expect(denialOf(ask(kucoin, moved, credential)).code).toBe('malformed_request');
    }
  });
});

it.each([kucoin, coinbaseExchange, bitget, okx])(
  'the requests of $name are recognised by nobody else',
  (dialect) => {
    const sent = signed(dialect, aRequest(), aSigningKey(Buffer.from('secret').toString('base64')));
    expect(DIALECTS.filter((each) => each.recognises(sent)).map(({ name }) => name)).toEqual([dialect.name]);
  },
);
