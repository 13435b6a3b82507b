import { fetchQuestDb, findQuestDb, freePorts, launchQuestDb } from '../../../../tools/servers/index.mjs';
import { startLocalServer, type LocalServer } from './local-server.js';

export interface LocalQuestDbOptions {
  /** Keys of server.conf that this test needs otherwise, such as `cairo.commit.mode`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface LocalQuestDb extends LocalServer {
  /** Rows of a statement over /exec; throws with QuestDB's own words. */
  query(sql: string): Promise<readonly (readonly unknown[])[]>;
}

/** Small pages, because each column of each open partition preallocates one: 16 MB by default, 6.5 GB for 40 tables. */
const settingsForTests = {
  'cairo.writer.data.append.page.size': '1048576',
  'cairo.writer.data.index.value.append.page.size': '1048576',
  'cairo.wal.writer.data.append.page.size': '262144',
  'cairo.o3.column.memory.size': '1048576',
};

/** Why QuestDB cannot be started here, or undefined where it can. Looks only, in about a millisecond. */
export function whyNoQuestDb(): string | undefined {
  const found = findQuestDb();
  return 'missing' in found ? found.missing : undefined;
}

/** Starts a QuestDB of its own (3 to 7 s); throws where `whyNoQuestDb` has a reason. */
export async function startQuestDb({ settings = {} }: LocalQuestDbOptions = {}): Promise<LocalQuestDb> {
  const installation = findQuestDb();
  if ('missing' in installation) throw new Error(installation.missing);
  const server = await startLocalServer({
    name: 'questdb',
    async choosePorts() {
      const [http, pg, min] = (await freePorts(3)) as [number, number, number];
      return { http, pg, min };
    },
    launch: ({ dir, ports }) =>
      launchQuestDb(installation, {
        dir,
        ports,
        settings: { ...settingsForTests, ...settings },
        heapMb: 256,
        parentDeathSignal: 'SIGKILL',
      }),
  });
  return Object.assign(server, { query: (sql: string) => query(server.url, sql) });
}

interface ExecAnswer {
  readonly dataset?: readonly (readonly unknown[])[];
  readonly error?: string;
}

async function query(url: string, sql: string): Promise<readonly (readonly unknown[])[]> {
  const response = await fetchQuestDb(url, `/exec?query=${encodeURIComponent(sql)}`);
  const answer = (await response.json()) as ExecAnswer;
  if (answer.error !== undefined) throw new Error(`${answer.error} in: ${sql}`);
  return answer.dataset ?? [];
}
