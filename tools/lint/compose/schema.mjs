import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/**
 * The Compose Specification's own JSON schema, unchanged, so that no container engine and no network is needed to know
 * whether docker-compose.yml is one. The specification is Apache-2.0: LICENSE.compose-spec beside it.
 */
const schema = JSON.parse(readFileSync(new URL('compose-spec.json', import.meta.url), 'utf8'));

const ajv = new Ajv2020({ allErrors: true, strict: false });
addFormats.default(ajv);
// The schema says how long a duration is in words of its own; the format is not one of JSON Schema's.
ajv.addFormat('duration', /^(\d+(\.\d+)?([num]?s|[mh]))+$/);
ajv.addFormat('ports', /^[\w.:${}[\]-]+(\/(tcp|udp|sctp))?$/);
ajv.addFormat('expose', { validate: () => true });
ajv.addFormat('subnet_ip_address', { validate: () => true });

const validate = ajv.compile(schema);

/** Sentences; none where the file is valid. */
export function schemaProblems(compose) {
  if (validate(compose)) return [];
  return validate.errors.map(({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`);
}
