import { table } from './markdown.mjs';

/** The pieces of docs/API.md, from what the code declares. Pure: text and tables in, Markdown out. */

/** @param {{ httpDoors: { title: string, endpoints: import('./http-endpoints.mjs').Endpoint[] }[], protos: any[], errorCodes: any, rejectionCodes: any }} declared */
export function referencePage({ httpDoors, protos, errorCodes, rejectionCodes }) {
  return [
    '# API reference',
    'Made from the code by `npm run docs:api`; `npm run lint` fails when it is out of date. Times are UTC: ISO 8601 in JSON and CSV, integer microseconds since the epoch in Arrow and gRPC, seconds since the epoch in the snapshot that Redis holds. Everything listens on the loopback only, unless there are keys; then each request and call needs one with the right that stands beside it (`none` is open to all), sent as `Authorization: Bearer <key>`: see [OPERATING.md](OPERATING.md#keys).',
    '## HTTP',
    ...httpDoors.flatMap(httpSection),
    '## gRPC',
    ...protos.flatMap(protoSection),
    '## Errors',
    'Every door answers a failure with one shape: `{"error": {"code", "message", "help", "retry", "request_id", "details"}}`. Codes are stable, messages are not: branch on the code. Where `retry` is yes, the same request may succeed later.',
    table(
      ['code', 'HTTP', 'gRPC', 'retry', 'what it means and what to do'],
      Object.entries(errorCodes).map(([code, { status, grpc, retry, help }]) => [`\`${code}\``, status, grpc, retry ? 'yes' : 'no', help]),
    ),
    '## Rejected rows',
    'Rows are rejected one by one; the rest of their request is kept. A rejected row keeps its reason, and its text, in `rejected_ticks`.',
    table(
      ['code', 'rule'],
      Object.entries(rejectionCodes).map(([code, rule]) => [`\`${code}\``, rule]),
    ),
  ]
    .join('\n\n')
    .concat('\n');
}

function httpSection({ title, endpoints }) {
  return [
    `### ${title}`,
    table(
      ['request', 'right', 'what it does'],
      endpoints.map(({ method, path, summary, right }) => [`\`${method} ${path}\``, right, summary]),
    ),
  ];
}

function protoSection({ file, package: packageName, services, messages }) {
  return [
    ...services.flatMap(({ name, comment, rpcs }) => [
      `### ${packageName}.${name}`,
      `${comment} (\`${file}\`)`,
      table(
        ['call', 'right', 'request', 'answer', 'what it does'],
        rpcs.map((rpc) => [`\`${rpc.name}\``, rpc.right, `\`${rpc.request}\``, `\`${rpc.answer}\``, rpc.comment]),
      ),
    ]),
    ...messages.filter(({ fields }) => fields.length > 0).map(messageList),
  ];
}

function messageList({ name, comment, fields }) {
  const lines = fields.map((field) => `- \`${field.name}\` ${field.type}${field.comment === '' ? '' : `: ${field.comment}`}`);
  return [`**${name}**${comment === '' ? '' : `: ${comment}`}`, ...[lines.join('\n')]].join('\n\n');
}
