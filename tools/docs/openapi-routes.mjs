import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { answerTypes } from './answer-types.mjs';
import { endpointsOf } from './http-endpoints.mjs';
import { loadTypeScript } from './load-typescript.mjs';
import { openApiDocument } from './openapi-document.mjs';

/**
 * The OpenAPI document of each app: routes from the controllers' source, answers from the type checker, and what stands
 * beside a route from the loaded code, whose zod schemas are the very ones that requests are parsed with.
 *
 * @param {{ root: string, files: string[], text: (file: string) => string, errorCodes: any, version: string, everyService: string }} project
 * @returns {Promise<{ file: string, document: object }[]>}
 */
export async function openApiDocuments({ root, files, text, errorCodes, version, everyService }) {
  loadTypeScript();
  const load = (file) => import(pathToFileURL(join(root, file)).href);
  const { routeNotesOf } = await load('libs/service-kit/src/docs/documented.ts');
  const { z } = await import('zod');
  const types = answerTypes({ root, files });
  const ownerOf = (file) => file.split('/')[1];
  const apps = [...new Set(files.map(ownerOf))].filter((owner) => owner !== everyService);
  const documents = [];
  for (const app of apps) {
    const schemas = {};
    const routes = [];
    const answered = new Set();
    const owners = [app, ...heldApps(app, { apps, text }), everyService];
    for (const file of owners.flatMap((owner) => files.filter((candidate) => ownerOf(candidate) === owner))) {
      const code = await load(file);
      for (const endpoint of endpointsOf(text(file), file)) {
        // A process that holds several services answers by itself what two of them would.
        const route = `${endpoint.method} ${endpoint.path}`;
        if (answered.has(route)) continue;
        answered.add(route);
        const [controller, method] = endpoint.handler.split('.');
        const notes = schemaNotes(routeNotesOf(code[controller].prototype[method]), z);
        routes.push({ endpoint, notes, answer: types.answerOf(endpoint.handler, schemas) });
      }
    }
    documents.push({ file: `apps/${app}/openapi.json`, document: openApiDocument({ service: app, version, routes, schemas, errorCodes }) });
  }
  return documents;
}

/** The apps that an app runs in its own process: those that it depends on. */
function heldApps(app, { apps, text }) {
  const { dependencies } = JSON.parse(text(`apps/${app}/package.json`));
  return apps.filter((candidate) => `@hindcast/${candidate}` in dependencies);
}

/** zod's schemas as JSON Schema: of requests what is sent, not what it becomes. */
function schemaNotes({ path, query, body, answers, ...notes }, z) {
  const input = (schema) => jsonSchema(z, schema, 'input');
  const isZod = (schema) => schema instanceof z.ZodType;
  return {
    ...notes,
    ...(path && { path: input(z.object(path)) }),
    ...(query && { query: input(z.object(query)) }),
    ...(body && { body: isZod(body) ? { 'application/json': input(body) } : body }),
    ...(answers && {
      answers: Object.fromEntries(
        Object.entries(answers).map(([type, schema]) => [type, isZod(schema) ? jsonSchema(z, schema, 'output') : schema]),
      ),
    }),
  };
}

function jsonSchema(z, schema, io) {
  const converted = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema: made }) => {
      const { documentedAs, ...others } = made;
      // Of whole numbers zod says too that they are safe ones.
      if (made.minimum === Number.MIN_SAFE_INTEGER) delete made.minimum;
      if (made.maximum === Number.MAX_SAFE_INTEGER) delete made.maximum;
      if (documentedAs === undefined) return;
      for (const key of Object.keys(others)) if (!['description', 'default'].includes(key)) delete made[key];
      delete made.documentedAs;
      Object.assign(made, documentedAs);
    },
  });
  // The dialect is OpenAPI's own.
  delete converted.$schema;
  return converted;
}
