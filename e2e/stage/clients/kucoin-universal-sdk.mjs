import { ClientOptionBuilder, DefaultClient, logger, TransportOptionBuilder } from 'kucoin-universal-sdk';

// It would write a line for each client.
logger.setGlobalLogger({ log() {} });

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
