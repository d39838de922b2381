import { ClientOptionBuilder, DefaultClient, TransportOptionBuilder } from 'kucoin-universal-sdk';

/** It signs as version 3. */
export function make({ url, key }) {
  const options = new ClientOptionBuilder()
    .setKey(key.id)
    .setSecret(key.secret)
    .setPassphrase(key.passphrase)
    .setSpotEndpoint(url)
    .setFuturesEndpoint(url)
    .setBrokerEndpoint(url)
    .setTransportOption(new TransportOptionBuilder().build())
    .build();
  return new DefaultClient(options).restService();
}
