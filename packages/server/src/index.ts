export { type AppParts, buildApp } from './app.ts';
export { type Config, ConfigError, loadConfig } from './config.ts';
export { createProxy, type Proxy, type ProxyOptions } from './proxy/proxy.ts';
export { type Service, StartError, startService } from './service.ts';
