import { createHash } from 'node:crypto';
import type { Content, OpenApi, Operation, Parameter, Schema } from './openapi.js';

/**
 * An OpenAPI document as one page: no script, nothing fetched, so that it reads the same offline, behind a proxy and in a
 * browser that trusts nobody. Pure.
 */
const style = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: light-dark(#0a58a8, #7ab8ff); }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1.5rem 1.25rem 6rem; }
h1 { font-size: 1.7rem; margin: 0 0 .25rem; } h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; } h3 { font-size: .95rem; margin: 1.1rem 0 .35rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .88em; } code { background: var(--soft); border-radius: .25rem; padding: .1em .3em; }
a { color: var(--accent); } p { margin: .4rem 0; }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; }
summary { cursor: pointer; padding: .55rem .8rem; } details[open] > summary { border-bottom: 1px solid var(--line); }
.body { padding: .3rem 1rem 1rem; overflow-x: auto; } .body > details { margin: .4rem 0; }
.method { display: inline-block; min-width: 4.2em; font: 600 .8rem ui-monospace, monospace; color: var(--accent); }
.path { font: 600 .92rem ui-monospace, monospace; } .note { opacity: .75; font-size: .9em; } .says { display: block; } .right { float: right; font-size: .8rem; opacity: .75; }
table { border-collapse: collapse; width: 100%; font-size: .92em; } th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
ul.fields { list-style: none; margin: .2rem 0; padding-left: .9rem; border-left: 2px solid var(--line); } .fields li { margin: .2rem 0; }
`;

const styleHash = createHash('sha256').update(style).digest('base64');

export const docsPagePolicy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

export function docsPage(document: OpenApi): string {
  const { info, paths, components } = document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => operationSection(method.toUpperCase(), path, operation)),
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(info.title)}</title><style>${style}</style></head><body>
<h1>${escaped(info.title)}</h1>
<p class="note">Version ${escaped(info.version)} · OpenAPI ${escaped(document.openapi)}: <a href="docs/openapi.json">openapi.json</a></p>
${paragraphs(info.description)}
<h2>Requests</h2>${operations.join('\n')}
<h2>Errors</h2>${errorTable(document)}
<h2>Schemas</h2>${Object.entries(components.schemas)
    .map(([name, schema]) => schemaSection(name, schema))
    .join('\n')}
</body></html>
`;
}

function operationSection(method: string, path: string, operation: Operation): string {
  const { operationId, summary, description, security, parameters = [], requestBody, responses } = operation;
  const right = security.length === 0 ? 'open to all' : `right: ${Object.values(security[0]).flat().join(', ')}`;
  const answers = Object.entries(responses).map(
    ([status, answer]) =>
      `<tr><td><code>${escaped(status)}</code></td><td>${inline(answer.description)}${
        Number(status) < 300 && answer.content !== undefined ? contents(answer.content) : ''
      }</td></tr>`,
  );
  return `<details id="${escaped(operationId)}"><summary><span class="method">${method}</span> <span class="path">${escaped(path)}</span>
<span class="right">${escaped(right)}</span><span class="note says">${inline(summary)}</span></summary><div class="body">${paragraphs(description)}
${parameters.length === 0 ? '' : `<h3>Parameters</h3><table><tbody>${parameters.map(parameterRow).join('')}</tbody></table>`}
${requestBody === undefined ? '' : `<h3>Body</h3>${contents(requestBody.content)}`}
<h3>Answers</h3><table><tbody>${answers.join('')}</tbody></table></div></details>`;
}

function parameterRow({ name, in: place, required, description, schema }: Parameter): string {
  return `<tr><td><code>${escaped(name)}</code><div class="note">${escaped(place)}${required ? ', required' : ''}</div></td><td>${shape(
    schema,
  )}${description === undefined ? '' : `<div>${inline(description)}</div>`}</td></tr>`;
}

function contents(content: Content): string {
  return Object.entries(content)
    .map(([type, { schema }]) => `<div><code>${escaped(type)}</code> ${described(schema)}</div>`)
    .join('');
}

function schemaSection(name: string, schema: Schema): string {
  return `<details id="schema-${escaped(name)}"><summary><span class="path">${escaped(name)}</span></summary><div class="body">${described(schema)}</div></details>`;
}

function errorTable(document: OpenApi): string {
  const rows = Object.entries(document['x-error-codes']).map(
    ([code, { status, grpc, retry, help }]) =>
      `<tr><td><code>${escaped(code)}</code></td><td>${status}</td><td>${grpc}</td><td>${retry ? 'yes' : 'no'}</td><td>${inline(help)}</td></tr>`,
  );
  return `<table><thead><tr><th>code</th><th>HTTP</th><th>gRPC</th><th>retry</th><th>what it means and what to do</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

/** A schema in words: its type and bounds, then its fields. */
function described(schema: Schema): string {
  return `${shape(schema)}${schema.description === undefined ? '' : ` <span class="note">${inline(schema.description)}</span>`}${inner(schema)}`;
}

function shape(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return `<a href="#schema-${escaped(name)}">${escaped(name)}</a>`;
  }
  if (schema.enum !== undefined)
    return schema.enum.map((value) => `<code>${escaped(JSON.stringify(value))}</code>`).join(' | ') + bounds(schema);
  if (schema.const !== undefined) return `<code>${escaped(JSON.stringify(schema.const))}</code>`;
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return choices.map(shape).join(' or ') + bounds(schema);
  if (schema.items !== undefined) return `array of ${shape(schema.items)}${bounds(schema)}`;
  return escaped([schema.type ?? 'anything'].flat().join(' or ')) + bounds(schema);
}

const boundWords: readonly (readonly [keyword: string, words: string])[] = [
  ['minimum', 'at least'],
  ['exclusiveMinimum', 'above'],
  ['maximum', 'at most'],
  ['exclusiveMaximum', 'below'],
  ['minLength', 'characters at least'],
  ['maxLength', 'characters at most'],
  ['minItems', 'entries at least'],
  ['maxItems', 'entries at most'],
  ['pattern', 'matches'],
  ['default', 'default'],
];

function bounds(schema: Schema): string {
  const said = boundWords
    .filter(([keyword]) => schema[keyword] !== undefined)
    .map(
      ([keyword, words]) =>
        `${words} <code>${escaped(typeof schema[keyword] === 'string' ? schema[keyword] : JSON.stringify(schema[keyword]))}</code>`,
    );
  return said.length === 0 ? '' : `, ${said.join(', ')}`;
}

function inner(schema: Schema): string {
  const { properties, required = [], items, anyOf, oneOf } = schema;
  const choices = anyOf ?? oneOf;
  if (choices !== undefined) return choices.map(inner).join('');
  if (items !== undefined) return inner(items);
  if (properties === undefined) return '';
  const fields = Object.entries(properties).map(
    ([name, field]) =>
      `<li><code>${escaped(name)}</code>${required.includes(name) ? '' : ' <span class="note">optional</span>'} ${described(field)}</li>`,
  );
  return `<ul class="fields">${fields.join('')}</ul>`;
}

function paragraphs(text: string): string {
  return text
    .split('\n\n')
    .map((paragraph) => `<p>${inline(paragraph)}</p>`)
    .join('');
}

/** Words between backticks are code; nothing else of Markdown is used. */
function inline(text: string): string {
  return escaped(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]);
}
