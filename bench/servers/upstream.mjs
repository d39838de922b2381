// The API behind the proxies: reads the body and answers a small JSON text.
import { createServer } from 'node:http';

const ANSWER = JSON.stringify({ code: '00000', msg: 'success', data: { orderId: '1098394344974446593' } });

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': ANSWER.length });
    response.end(ANSWER);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
