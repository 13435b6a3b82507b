import { Ajv2020 } from 'ajv/dist/2020.js';

/** Holds a running service against the OpenAPI document that it serves. */

interface Operation {
  readonly parameters?: readonly { readonly required: boolean }[];
  readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, { readonly schema: object }>> }>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export async function openApiOf(url: string): Promise<Document> {
  return (await (await fetch(`${url}/docs/openapi.json`)).json()) as Document;
}

/** Whether a value is as a JSON Schema says. */
export function schemaTest(schema: object): (value: unknown) => boolean {
  const validate = new Ajv2020({ strict: false }).compile(schema);
  return (value) => validate(value);
}

/** As `GET /v1/agents/{id}/state`, sorted. */
export function documentedRoutes({ paths }: Document): readonly string[] {
  return Object.entries(paths)
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
    .sort();
}

/** Paths that can be asked for as they stand, and answer with JSON. */
export function plainPaths({ paths }: Document): readonly string[] {
  return Object.entries(paths)
    .filter(([path, { get }]) => get !== undefined && !path.includes('{') && 'application/json' in get.responses['200'].content)
    .filter(([, { get }]) => !(get.parameters ?? []).some(({ required }) => required))
    .map(([path]) => path);
}

export interface Asked {
  /** As the document has it. */
  readonly path: string;
  readonly method?: string;
  readonly status: number;
  readonly body: unknown;
}

/** Sentences; none where the answer is as the document says. Fields that it does not know count as faults. */
export function answerFaults(document: Document, { path, method = 'get', status, body }: Asked): readonly string[] {
  const schema = document.paths[path]?.[method]?.responses[String(status)]?.content['application/json']?.schema;
  if (schema === undefined) return [`${method.toUpperCase()} ${path} has no JSON for ${status}`];
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  ajv.addSchema(closed(document) as object, 'document');
  const pointer = ['paths', path, method, 'responses', String(status), 'content', 'application/json', 'schema'].map(asPointer).join('/');
  const validate = ajv.compile({ $ref: `document#/${pointer}` });
  if (validate(body)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${path}${instancePath} ${message ?? ''} ${JSON.stringify(params)}`,
  );
}

function asPointer(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}

/** Objects with named properties have no others, unless they say so: what the document forgot comes to light. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const fields = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, key === 'allOf' ? value : closed(value)]));
  const isClosable = fields['type'] === 'object' && typeof fields['properties'] === 'object' && !('additionalProperties' in fields);
  return isClosable ? { ...fields, additionalProperties: false } : fields;
}
