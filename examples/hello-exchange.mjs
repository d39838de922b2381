// The smallest API that can stand behind the reverse proxy: it checks nothing, and believes the proxy's headers.
// Listens on port 3000, or on PORT.
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (part) => {
    body += part;
  });
  request.on('end', () => {
    const account = request.headers['x-countersign-account'] ?? 'nobody';
    const permission = request.headers['x-countersign-permission'] ?? 'none';
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(`${JSON.stringify({ code: '00000', hello: account, permission, order: body })}\n`);
  });
});
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`The API is at http://127.0.0.1:${server.address().port}`);
});
