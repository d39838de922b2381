/** How long the key lives that is there to expire, in ms: until the other keys are made, and a little. */
const SHORT_LIFE_MS = 1_500;
const PASSPHRASE = 'sandbox-Pass-1';

/**
 * Issues the keys of one exchange's customers through the management API, and changes them as their stories
 * want it.
 *
 * @returns per name `{ id, secret, passphrase, accountId }`
 */
export async function issueKeys(service, { dialect, read, trade, instrument, more = {} }) {
  const profiles = {
    trader: { permissions: [read, trade] },
    reader: { permissions: [read] },
    fenced: { permissions: [read, trade], allowedIps: ['203.0.113.0/24', '2001:db8::/32'] },
    home: { permissions: [read, trade], allowedIps: ['127.0.0.1'] },
    limited: {
      permissions: [read, trade],
      constraints: { instruments: [instrument], maxNotionalPerOrder: '1000' },
    },
    metered: { permissions: [read, trade], rateLimits: [{ name: 'weight', quota: 4, windowSeconds: 60 }] },
    shortLived: { permissions: [read], expiresAt: new Date(Date.now() + SHORT_LIFE_MS).toISOString() },
    testing: { permissions: [read, trade], environment: 'test' },
    disabled: { permissions: [read, trade] },
    quarantined: { permissions: [read, trade] },
    revoked: { permissions: [read, trade] },
    rotated: { permissions: [read] },
    rotatedInGrace: { permissions: [read] },
    ...more,
  };
  const keys = {};
  for (const [name, profile] of Object.entries(profiles)) {
    const made = await service.call('POST', '/v1/keys', {
      accountId: `acct_${name}`,
      label: name,
      environment: 'live',
      kind: 'hmac',
      dialects: [dialect],
      passphrase: PASSPHRASE,
      ...profile,
    });
    const { id, secret, accountId, expiresAt } = made;
    keys[name] = { id, secret, passphrase: PASSPHRASE, accountId, expiresAt };
  }
  const reason = 'the story of this key';
  await service.call('POST', `/v1/keys/${keys.disabled.id}/disable`, { reason });
  await service.call('POST', `/v1/keys/${keys.quarantined.id}/quarantine`, { reason });
  await service.call('POST', `/v1/keys/${keys.revoked.id}/revoke`, { reason, wait: 'everywhere' });
  await service.call('POST', `/v1/keys/${keys.rotated.id}/rotate`, { graceSeconds: 0 });
  await service.call('POST', `/v1/keys/${keys.rotatedInGrace.id}/rotate`, { graceSeconds: 3600 });
  return {
    ...keys,
    wrongPassphrase: { ...keys.trader, passphrase: 'sandbox-Pass-2' },
    wrongSecret: { ...keys.trader, secret: keys.reader.secret },
    invented: {
      ...keys.trader,
      id: `${keys.trader.id.slice(0, -1)}${keys.trader.id.endsWith('A') ? 'B' : 'A'}`,
    },
  };
}
