import { createHash } from 'node:crypto';
import { docsPage, docsPagePolicy } from './docs-page.js';
import type { OpenApi } from './openapi.js';

const document: OpenApi = {
  openapi: '3.1.1',
  info: { title: 'Hindcast <probe>', version: '1.2.3', description: 'First.\n\nBranch on `code` & not on words.' },
  paths: {
    '/v1/bars/{symbol}': {
      post: {
        operationId: 'bars',
        summary: 'Bars <of> one symbol',
        description: 'Bars <of> one symbol.',
        security: [{ bearer: ['admin'] }],
        parameters: [{ name: 'limit', in: 'query', required: false, schema: { type: 'integer', minimum: 1, maximum: 10, default: 5 } }],
        requestBody: { content: { 'application/json': { schema: { type: 'array', items: { $ref: '#/components/schemas/Bar' } } } } },
        responses: { 200: { description: 'What was asked for.' }, 429: { description: '`LOG_FULL`' } },
      },
    },
    '/health/live': { get: { operationId: 'live', summary: 'Lives', description: 'Lives.', security: [], responses: {} } },
  },
  components: {
    schemas: {
      Bar: {
        type: 'object',
        required: ['open'],
        properties: { open: { type: 'number', description: 'First price.' }, side: { enum: ['B', null] } },
      },
    },
  },
  'x-error-codes': { LOG_FULL: { status: 429, grpc: 8, retry: true, help: 'Wait "a while".' } },
};
const page = docsPage(document);

it('shows what each operation takes and needs', () => {
  expect(page).toContain('<span class="method">POST</span> <span class="path">/v1/bars/{symbol}</span>');
  expect(page).toContain('right: admin');
  expect(page).toContain('open to all');
  expect(page).toContain('integer, at least <code>1</code>, at most <code>10</code>, default <code>5</code>');
  expect(page).toContain('array of <a href="#schema-Bar">Bar</a>');
  expect(page).toContain('<li><code>open</code> number <span class="note">First price.</span></li>');
  expect(page).toContain('<li><code>side</code> <span class="note">optional</span> <code>&quot;B&quot;</code> | <code>null</code></li>');
  expect(page).toContain('<td><code>LOG_FULL</code></td><td>429</td><td>8</td><td>yes</td><td>Wait &quot;a while&quot;.</td>');
});

it('lets no text of the document become markup', () => {
  expect(page).toContain('<title>Hindcast &lt;probe&gt;</title>');
  expect(page).toContain('Bars &lt;of&gt; one symbol');
  expect(page).toContain('Branch on <code>code</code> &amp; not on words.');
});

it('needs nothing but itself, and its policy allows just its own style', () => {
  expect(page).not.toMatch(/<script|<link|<img|src=|https?:/);
  const style = /<style>(.*?)<\/style>/s.exec(page)?.[1] ?? '';
  expect(docsPagePolicy).toContain(`style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`);
  expect(docsPagePolicy).toContain("default-src 'none'");
});
