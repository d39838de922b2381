/**
 * Whatever reaches the exchange carries no proof, and at most the true account.
 *
 * @param exchange from `loadExchange`
 * @param request what arrived: a request, or a WebSocket's handshake
 * @param key whose client it came from
 * @returns what is wrong with it, one text each
 */
export function faultsInArrived({ proofHeaders, proofTarget, proofBody }, request, key) {
  const { target, headers, rawHeaders, body = '' } = request;
  const names = rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
  const proofs = names.filter((name) => proofHeaders.test(name));
  const faults = proofs.map((name) => `${target} arrived with ${name}`);
  if (proofTarget?.test(target)) faults.push(`${target} arrived with ${proofTarget}`);
  if (proofBody?.test(body.toString('utf8'))) faults.push(`${target} arrived with ${proofBody} in its body`);
  if (new Set(names).size !== names.length) faults.push(`${target} arrived with a header twice: ${names}`);
  const { 'x-countersign-account': account, 'x-countersign-credential': credential } = headers;
  if (account === undefined && credential === undefined) return faults;
  if (account !== key.accountId) faults.push(`${target} arrived as ${account}`);
  if (credential !== key.id) faults.push(`${target} arrived with the credential ${credential}`);
  return faults;
}

/** The same for a message that came over a WebSocket. */
export function faultsInMessage({ webSocket }, { target, text }) {
  const proof = webSocket?.proofMessages;
  return proof?.test(text) ? [`${target} got a message with ${proof}`] : [];
}
