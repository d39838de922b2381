// What a bundler for browsers takes instead of the package: whoever opens the page could read the secret.
throw new Error(
  '@countersign/client does not run in a browser: the secret would be in the hands of everybody who opens the page. Sign on a server of yours, and let the page ask that.',
);

export {};
