import type { IncomingMessage } from 'node:http';
import type { Allowed } from '../decision/decision.ts';
import { wireRequestOf } from './node-request.ts';
import type { MiddlewareOptions } from './options.ts';
import { DEFAULT_BODY_LIMIT, readWholeBody } from './read-body.ts';

/** What of Express this needs: its own types fit. */
interface Request extends IncomingMessage {
  readonly originalUrl: string;
  readonly ip?: string | undefined;
  readonly protocol: string;
  body?: unknown;
}

interface Response {
  status(code: number): Response;
  set(headers: Record<string, string>): Response;
  send(body: string): unknown;
}

/** What a request bears that was let through. */
export interface Countersigned {
  countersign: Allowed;
  /** The body's bytes, as they were signed. */
  rawBody: Buffer;
}

/**
 * Express middleware that lets through what the engine allows. Handlers find the decision in
 * `req.countersign`, the bytes in `req.rawBody`, and in `req.body` what `express.json()` or
 * `express.urlencoded()` would have made of them; other bodies stay bytes.
 *
 * It must come before anything that reads bodies: a request whose body was read already is a fault
 * (`TypeError`, given to `next`). `req.ip` and `req.protocol` are believed, so set Express's `trust proxy` where
 * a proxy stands before it, and only there.
 */
export function countersign(options: MiddlewareOptions) {
  const { engine, ask, bodyLimit = DEFAULT_BODY_LIMIT } = options;
  return (req: Request, res: Response, next: (error?: unknown) => void): void => {
    handle(req, res)
      .then((isAllowed) => {
        if (isAllowed) next();
      })
      .catch(next);
  };

  async function handle(req: Request, res: Response): Promise<boolean> {
    if (req.readableEnded && req.headers['content-length'] !== '0' && hasBody(req)) {
      throw new TypeError('countersign() must come before the middleware that reads bodies');
    }
    const rawBody = await readWholeBody(req, bodyLimit);
    const decision = await engine.verify(wireRequestOf(req, rawBody, req.ip, req.protocol), ask);
    if (!decision.allowed) {
      const { status, headers, body } = decision.response;
      res
        .status(status)
        .set(rawBody === undefined ? { ...headers, connection: 'close' } : { ...headers })
        .send(body);
      return false;
    }
    if (decision.headers !== undefined) res.set({ ...decision.headers });
    const bytes = rawBody ?? Buffer.alloc(0);
    const parsed = parseBody(bytes, req.headers['content-type']);
    if (!parsed.ok) {
      res.status(400).set({ 'content-type': 'text/plain' }).send('The body is not valid JSON.');
      return false;
    }
    Object.assign(req, { countersign: decision, rawBody: bytes, body: parsed.value });
    return true;
  }
}

function hasBody(req: Request): boolean {
  return req.headers['transfer-encoding'] !== undefined || req.headers['content-length'] !== undefined;
}

function parseBody(bytes: Buffer, type = ''): { ok: true; value: unknown } | { ok: false } {
  if (bytes.length === 0) return { ok: true, value: undefined };
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) {
    // The first `&` keeps a leading `?`, which URLSearchParams would drop: it belongs to the first name.
    return { ok: true, value: Object.fromEntries(new URLSearchParams(`&${bytes.toString('utf8')}`)) };
  }
  if (!/^application\/([\w.+-]+\+)?json\b/i.test(type)) return { ok: true, value: bytes };
  try {
    return { ok: true, value: JSON.parse(bytes.toString('utf8')) };
  } catch {
    return { ok: false };
  }
}
