import { type ClaimPart, DENIAL_CODES, type Dialect, denial } from '../packages/core/dist/index.js';

/** What a dialect's page says at a glance: names and values, as they stand in the rows of its first table. */
export function glanceRows({ window, replay, uncovered, webSocket }: Dialect): [string, string][] {
  const seconds = (ms: number | undefined) =>
    ms === undefined ? 'no timestamp' : `${Math.round(ms) / 1000} s`;
  return [
    ['oldest timestamp', seconds(window?.pastMs)],
    ['newest timestamp', window === undefined ? 'no timestamp' : `${seconds(window.futureMs)} ahead`],
    ['used once', USED_ONCE[replay.kind]],
    ['not covered', uncovered.length === 0 ? 'nothing' : uncovered.join(', ')],
    ['WebSocket login', webSocket === undefined ? 'by the handshake' : 'by a message'],
  ];
}

const USED_ONCE = {
  none: 'nothing',
  signature: 'each signature',
  nonce: 'each nonce',
  rising: 'each nonce, and they rise',
};

const PARTS: readonly ClaimPart[] = ['key', 'signature', 'timestamp', 'passphrase'];

/** The refusals of a dialect as its page lists them: denial, status, and the body that is answered. */
export function refusalRows(dialect: Dialect): [string, string, string][] {
  const parts = PARTS.filter((part) => part !== 'passphrase' || dialect.hasPassphrase);
  return DENIAL_CODES.flatMap((code) =>
    (code === 'credential_missing' ? parts : [undefined]).map((part): [string, string, string] => {
      const refusal = denial(code, '…', { part, permission: 'spot.trade' });
      const { status, body } = dialect.refuse(refusal, { nowMs: 0, requestId: 'req_…' });
      const label = `[\`${code}\`](../errors/${code}.md)${part === undefined ? '' : ` (${part})`}`;
      return [label, String(status), `\`${body}\``];
    }),
  );
}

/** The rows of a Markdown table. */
export function tableText(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
