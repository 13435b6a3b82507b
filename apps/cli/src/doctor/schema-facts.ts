import { join } from 'node:path';
import { homeSchema, strangeMigrations } from '@hindcast/service-kit/caller';
import type { migrationLines } from '../commands/migrate.js';
import type { CliConfig } from '../config.js';
import type { SchemaFacts } from './diagnosis.js';

interface Looking {
  /** Its servers answer then, and are asked. */
  readonly stackRuns: boolean;
  /** A path as a person here would write it. */
  readonly shown: (path: string) => string;
}

type Facts = Pick<SchemaFacts, 'pending' | 'strange' | 'fault'>;

/** What is stored, held against the migrations of this version. Nothing is applied. */
export async function schemaFacts({ home }: CliConfig, { stackRuns, shown }: Looking): Promise<readonly SchemaFacts[]> {
  const folder = join(home, 'standalone');
  const standalone = await told(async () => {
    const schema = await homeSchema(folder);
    const pending = schema?.migrations.filter(({ state }) => state === 'pending').map(({ name }) => name) ?? [];
    return schema && { pending, strange: strangeMigrations(schema) };
  });
  const stack = stackRuns ? await told(stackLines) : undefined;
  return [
    ...(standalone ? [{ where: shown(folder), kind: 'standalone' as const, ...standalone }] : []),
    ...(stack ? [{ where: 'the stack', kind: 'stack' as const, ...stack }] : []),
  ];
}

/** The adapters of servers are loaded where there are servers. */
async function stackLines(): Promise<Facts> {
  const migrate = await import('../commands/migrate.js');
  return ofLines(await migrate.migrationLines());
}

function ofLines(lines: Awaited<ReturnType<typeof migrationLines>>): Facts {
  const named = (...states: readonly string[]): string[] =>
    lines.filter(({ state }) => states.includes(state)).map(({ store, name }) => `${store}/${name}`);
  return { pending: named('pending'), strange: named('lost', 'changed') };
}

async function told(look: () => Promise<Facts | undefined>): Promise<Facts | undefined> {
  try {
    return await look();
  } catch (error) {
    return { pending: [], strange: [], fault: (error as Error).message };
  }
}
