export * from './accounts.ts';
export * from './errors.ts';
export * from './keys.ts';
export * from './openapi.ts';
export * from './problem.ts';
export * from './routes.ts';
export * from './service.ts';
export * from './verify.ts';
