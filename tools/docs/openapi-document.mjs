/** A service's OpenAPI document, from what its controllers declare. Pure: declarations in, an object out. */

/** @typedef {{ status: number, grpc: number, retry: boolean, help: string }} ErrorEntry */
/**
 * @typedef {object} Route
 * @property {import('./http-endpoints.mjs').Endpoint} endpoint
 * @property {object | undefined} answer JSON Schema of what the method returns
 * @property {{ path?: object, query?: object, body?: Record<string, object>, answers?: Record<string, object>, sameBody?: Record<string, string>, errors?: string[] }} notes
 * as the code has them beside the route, each schema a JSON Schema
 */

const bodyErrors = ['BODY_INVALID', 'FIELD_INVALID', 'BATCH_TOO_LARGE', 'MEDIA_TYPE_UNKNOWN'];
const keyErrors = ['KEY_REQUIRED', 'KEY_UNKNOWN', 'RIGHT_MISSING', 'ORIGIN_REFUSED', 'RATE_LIMITED'];
const everywhereErrors = ['CONNECTIONS_FULL', 'INTERNAL'];
/** Answered to the end of a service's life, so that it can be watched while it stops. */
const aboutTheService = /^\/(health\/|metrics$|v1\/monitoring)/;
const statusNames = { 200: 'What was asked for.', 201: 'Made.', 202: 'Taken; it is under way.' };

/** @param {{ service: string, version: string, routes: Route[], schemas: Record<string, object>, errorCodes: Record<string, ErrorEntry> }} parts */
export function openApiDocument({ service, version, routes, schemas, errorCodes }) {
  const paths = {};
  for (const route of routes) {
    const { path, method } = route.endpoint;
    (paths[path] ??= {})[method.split(' ')[0].toLowerCase()] = operation(route, errorCodes);
  }
  return {
    openapi: '3.1.1',
    info: {
      title: `Hindcast ${service}`,
      version,
      description: aboutEveryRequest,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: { ...Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))), Error: errorSchema(errorCodes) },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API key, as `hindcast keys new` makes it.' },
        key: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'The same key, where Authorization is taken.' },
      },
    },
    'x-error-codes': errorCodes,
  };
}

const aboutEveryRequest = [
  'Every failure has one shape: `{"error": {"code", "message", "help", "retry", "request_id", "details"}}`. Codes are stable, messages are not: branch on the code. Where `retry` is true the same request may succeed later.',
  'Without HINDCAST_API_KEYS the service listens on the loopback only and asks for no key. With it, each request needs a key with the right that stands beside it, as `Authorization: Bearer <key>` or `x-api-key`; admin holds read and write too.',
  'Times are UTC, ISO 8601 in JSON and CSV. `x-request-id` comes back in the answer and stands in the log. WebSocket and gRPC doors are in docs/API.md.',
].join('\n\n');

function operation({ endpoint, answer, notes }, errorCodes) {
  const { path, summary, success, right, handler } = endpoint;
  const parameters = [...pathParameters(path, notes.path), ...queryParameters(notes.query)];
  const content = notes.answers ?? { 'application/json': answer ?? {} };
  return {
    operationId: handler.replace(/Controller\./, '_').toLowerCase(),
    summary: firstClause(summary),
    description: summary,
    security: right === 'none' ? [] : [{ bearer: [right] }, { key: [right] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(notes.body === undefined ? {} : { requestBody: { required: true, content: contentOf(notes.body) } }),
    responses: {
      [success]: { description: statusNames[success], content: contentOf(content) },
      ...Object.fromEntries(
        Object.entries(notes.sameBody ?? {}).map(([status, description]) => [status, { description, content: contentOf(content) }]),
      ),
      ...errorResponses(errorsOf({ path, right, notes }), errorCodes, notes),
    },
  };
}

/** What stands before the first full stop, colon or semicolon. */
function firstClause(text) {
  return /^(.*?)[.:;](?:\s|$)/.exec(text)?.[1] ?? text;
}

function pathParameters(path, schema) {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => parameter({ name, in: 'path', required: true }, schema?.properties[name]));
}

function queryParameters(schema) {
  return Object.entries(schema?.properties ?? {}).map(([name, property]) =>
    parameter({ name, in: 'query', required: schema.required?.includes(name) ?? false }, property),
  );
}

function parameter(where, { description, ...schema } = { type: 'string' }) {
  return { ...where, ...(description === undefined ? {} : { description }), schema };
}

const contentOf = (schemas) => Object.fromEntries(Object.entries(schemas).map(([type, schema]) => [type, { schema }]));

function errorsOf({ path, right, notes }) {
  return new Set([
    ...(notes.body ? bodyErrors : []),
    ...(notes.path || notes.query ? ['FIELD_INVALID'] : []),
    ...(notes.errors ?? []),
    ...(right === 'none' ? [] : keyErrors),
    ...(aboutTheService.test(path) ? [] : ['SHUTTING_DOWN']),
    ...everywhereErrors,
  ]);
}

function errorResponses(codes, errorCodes, { sameBody = {} }) {
  const byStatus = Object.groupBy([...codes], (code) => errorCodes[code].status);
  return Object.fromEntries(
    Object.entries(byStatus)
      .filter(([status]) => !(status in sameBody))
      .map(([status, ofStatus]) => [status, errorResponse(Number(status), ofStatus)]),
  );
}

function errorResponse(status, codes) {
  const schema = {
    allOf: [
      { $ref: '#/components/schemas/Error' },
      { type: 'object', properties: { error: { type: 'object', properties: { code: { enum: codes } } } } },
    ],
  };
  const headers = {
    ...([429, 503].includes(status) ? { 'retry-after': { description: 'Seconds to wait.', schema: { type: 'integer' } } } : {}),
    ...(status === 401 ? { 'www-authenticate': { schema: { const: 'Bearer' } } } : {}),
  };
  return {
    description: codes.map((code) => `\`${code}\``).join(', '),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    content: { 'application/json': { schema } },
  };
}

function errorSchema(errorCodes) {
  const text = { type: 'string' };
  return {
    type: 'object',
    required: ['error'],
    properties: {
      error: {
        type: 'object',
        required: ['code', 'message', 'help', 'retry'],
        properties: {
          code: { enum: Object.keys(errorCodes) },
          message: { ...text, description: 'What is wrong here; may change.' },
          help: { ...text, description: 'What it means and what to do.' },
          retry: { type: 'boolean', description: 'Whether the same request may succeed later.' },
          request_id: text,
          details: { type: 'object' },
        },
      },
    },
  };
}
