import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { errorCodes } from '../../libs/contracts/src/errors.ts';

/** The documents as they lie in the repository; lint holds them against the code, each app's own test against its routes. */
const root = join(import.meta.dirname, '..', '..');
const read = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'));
const documents = globSync('apps/*/openapi.json', { cwd: root })
  .sort()
  .map((file) => [file, read(file)]);

/** The OpenAPI Initiative's schema, which leaves what stands under `schema` to JSON Schema's own. */
const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false });
const isOpenApi = ajv.compile(read('tools/docs/openapi-schema/openapi-3.1.json'));

function* valuesUnder(node, key) {
  if (typeof node !== 'object' || node === null) return;
  for (const [name, value] of Object.entries(node)) {
    if (name === key) yield value;
    yield* valuesUnder(value, key);
  }
}

const operationsOf = (document) => Object.values(document.paths).flatMap(Object.values);

it('there is one for each service, and one for all of them in a process', () => {
  expect(documents.map(([file]) => file)).toEqual(
    ['market-data', 'market-physics', 'standalone', 'state-broadcaster', 'tick-ingest'].map((app) => `apps/${app}/openapi.json`),
  );
});

describe.each(documents)('%s', (_file, document) => {
  it('is OpenAPI 3.1', () => {
    expect(isOpenApi(document) ? [] : isOpenApi.errors).toEqual([]);
  });

  it('has schemas that are JSON Schema, and that refer to nothing that is not there', () => {
    const own = new Ajv2020({ strict: false, validateFormats: false });
    own.addSchema(document, 'document');
    const schemas = [...valuesUnder(document.paths, 'schema'), ...Object.values(document.components.schemas)];
    expect(schemas.filter((schema) => !own.validateSchema(schema))).toEqual([]);
    for (const reference of new Set(valuesUnder(document, '$ref')))
      expect(() => own.compile({ $ref: `document${reference}` })).not.toThrow();
  });

  it('names each operation once and says what it does', () => {
    const operations = operationsOf(document);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    expect(operations.filter(({ summary, description }) => !summary || !description)).toEqual([]);
  });

  it('says which key each operation needs, and that it is refused without', () => {
    const rights = operationsOf(document).map(({ security, responses }) => [
      security.map((scheme) => Object.values(scheme).flat()[0]),
      '401' in responses,
    ]);
    const known = [[[], false], ...['read', 'write', 'admin'].map((right) => [[right, right], true])];
    for (const right of rights) expect(known).toContainEqual(right);
  });

  it('has the codes of the contracts, and no other beside any operation', () => {
    expect(document['x-error-codes']).toEqual(errorCodes);
    for (const operation of operationsOf(document)) {
      for (const [status, { description }] of Object.entries(operation.responses)) {
        for (const [, code] of description.matchAll(/`([A-Z_]+)`/g))
          expect([code, String(errorCodes[code]?.status)]).toEqual([code, status]);
      }
    }
  });
});
