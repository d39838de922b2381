export { type AppParts, buildApp } from './app.ts';
export { type Config, ConfigError, loadConfig } from './config.ts';
export { createProxy, type ProxyOptions, type ReverseProxy } from './proxy/proxy.ts';
export { runService } from './run-service.ts';
export { type Service, startService } from './service.ts';
export { StartError } from './start-error.ts';
