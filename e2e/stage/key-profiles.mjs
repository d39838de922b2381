/** How long the key lives that is there to expire, in ms: until the other keys are made, and a little. */
const SHORT_LIFE_MS = 1_500;

/** The keys that every exchange's cases can use. What each is for follows from its name. */
export function standardProfiles({ read, trade, instrument }) {
  return {
    trader: { permissions: [read, trade] },
    reader: { permissions: [read] },
    fenced: { permissions: [read, trade], allowedIps: ['203.0.113.0/24', '2001:db8::/32'] },
    home: { permissions: [read, trade], allowedIps: ['127.0.0.1'] },
    limited: {
      permissions: [read, trade],
      constraints: { instruments: [instrument], maxNotionalPerOrder: '1000' },
    },
    metered: { permissions: [read, trade], rateLimits: [{ name: 'weight', quota: 4, windowSeconds: 60 }] },
    shortLived: () => ({
      permissions: [read],
      expiresAt: new Date(Date.now() + SHORT_LIFE_MS).toISOString(),
    }),
    testing: { permissions: [read, trade], environment: 'test' },
    disabled: { permissions: [read, trade] },
    quarantined: { permissions: [read, trade] },
    revoked: { permissions: [read, trade] },
    rotated: { permissions: [read] },
    rotatedInGrace: { permissions: [read] },
  };
}

/** What happens to some of them after they were issued. `freshProof` makes what a rotation needs. */
export const STORIES = {
  disabled: (change) => change('disable', { reason: 'the story of this key' }),
  quarantined: (change) => change('quarantine', { reason: 'the story of this key' }),
  revoked: (change) => change('revoke', { reason: 'the story of this key', wait: 'everywhere' }),
  rotated: async (change, freshProof) => change('rotate', { graceSeconds: 0, ...(await freshProof()) }),
  rotatedInGrace: async (change, freshProof) =>
    change('rotate', { graceSeconds: 3600, ...(await freshProof()) }),
};

/** Keys that nobody was issued: what a thief, or a typing error, would try. */
export function wrongKeys({ trader, reader }) {
  const lastCharacter = trader.id.endsWith('A') ? 'B' : 'A';
  return {
    ...(trader.passphrase === undefined
      ? {}
      : { wrongPassphrase: { ...trader, passphrase: 'sandbox-Pass-2' } }),
    wrongSecret: { ...trader, secret: reader.secret, privateKey: reader.privateKey },
    invented: { ...trader, id: trader.id.slice(0, -1) + lastCharacter },
  };
}
