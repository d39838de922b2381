export { type AppParts, buildApp } from './app.ts';
export { type Config, ConfigError, loadConfig } from './config.ts';
export { createProxy, type ProxyOptions, type ReverseProxy } from './proxy/proxy.ts';
export { runService } from './run-service.ts';
export { type Service, startService } from './service.ts';
export {
  type AnswerKey,
  newAnswerKeyPem,
  openAnswerKey,
  readAnswerKey,
} from './signed-answers/answer-key.ts';
export { type AnswerSigner, createAnswerSigner } from './signed-answers/answer-signer.ts';
export { StartError } from './start-error.ts';
