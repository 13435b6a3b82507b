import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { describeWithServers, loggedBatch, someTrades, tradesOf, until } from '@hindcast/testing';
import { migrationsDirectory } from './migrations-directory.js';
import { QuestDbMigrator, QuestDbTickStore } from './index.js';

const boundMs = 60_000;
const deadlineMs = 200;
const instrument = { market: 'usa/equity', symbol: 'SPY' };
const away = { code: 'STORE_AWAY', retry: true };

function batchOf(number: number, rows = 1) {
  return loggedBatch({ number, trades: someTrades(instrument, rows) });
}

describeWithServers('QuestDbTickStore, its server away', { questDb: true }, (servers) => {
  it(
    'fails at once while the server is away, and goes on when it is back, with all that was acknowledged',
    async () => {
      const migrator = new QuestDbMigrator({ url: servers.questDb.url, directory: migrationsDirectory });
      await migrator.up();
      const store = new QuestDbTickStore({ url: servers.questDb.url });
      const [before, after] = [batchOf(1, 1_000), batchOf(2, 1_000)];
      expect(await store.writeTicks([before])).toEqual({ kind: 'written', rows: 1_000 });
      await servers.questDb.kill();
      await expect(store.writeTicks([after])).rejects.toMatchObject(away);
      await expect(store.areVisible([before])).rejects.toMatchObject(away);
      await expect(tradesOf(store, instrument)).rejects.toMatchObject(away);
      await expect(store.newestStates()).rejects.toMatchObject(away);
      await expect(migrator.status()).rejects.toMatchObject(away);
      expect(await store.health()).toMatchObject({ up: false, detail: expect.stringContaining('does not answer') as string });
      await servers.questDb.restart();
      expect(await store.writeTicks([before, after])).toEqual({ kind: 'written', rows: 2_000 });
      await until(() => store.areVisible([before, after]));
      expect((await tradesOf(store, instrument)).map(({ sequence }) => sequence).toSorted((a, b) => a - b)).toEqual([
        ...before.trades.sequence,
        ...after.trades.sequence,
      ]);
      expect(await store.health()).toMatchObject({ up: true });
      await Promise.all([store.close(), migrator.close()]);
    },
    boundMs,
  );
});

/** A server that does what no sound one does; `url` is where it listens. */
async function withServer(server: Server, body: (store: QuestDbTickStore) => Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const store = new QuestDbTickStore({ url, writeDeadlineMs: deadlineMs, queryDeadlineMs: deadlineMs });
  try {
    await body(store);
  } finally {
    await store.close();
    await new Promise((resolve) => server.close(resolve));
  }
}

describe('QuestDbTickStore, its server unwell', () => {
  it('never hangs on a server that takes requests and does not answer', async () => {
    await withServer(
      createServer((socket) => socket.on('error', () => undefined).resume()),
      async (store) => {
        await expect(store.writeTicks([batchOf(1)])).rejects.toMatchObject(away);
        await expect(tradesOf(store, instrument)).rejects.toMatchObject(away);
      },
    );
  });

  it('never hangs on an answer that does not end', async () => {
    const server = createHttpServer((_, response) => response.writeHead(200).write('{"dataset":[['));
    await withServer(server, async (store) => {
      await expect(store.counts()).rejects.toMatchObject({ ...away, message: expect.stringContaining(`${deadlineMs} ms`) as string });
    });
  });

  it('takes half an answer for none', async () => {
    const server = createHttpServer((_, response) => {
      response.writeHead(200, { 'content-length': 1_000 });
      response.write('{"dataset":[[1,2', () => response.destroy());
    });
    await withServer(server, async (store) => {
      await expect(store.counts()).rejects.toMatchObject(away);
    });
  });

  it.each([
    [500, 'STORE_AWAY'],
    [503, 'STORE_AWAY'],
    [404, 'STORE_REFUSED'],
  ])('gives its words on, and status %i the code %s', async (status, code) => {
    const server = createHttpServer((_, response) => response.writeHead(status).end('disk full'));
    await withServer(server, async (store) => {
      await expect(store.counts()).rejects.toMatchObject({ code, message: expect.stringContaining('disk full') as string });
    });
  });

  it('asks again where a connection had been closed while it rested', async () => {
    let requests = 0;
    const server = createHttpServer((request, response) => {
      requests++;
      // The second request comes on the connection of the first, which dies under it.
      if (requests === 2) request.socket.resetAndDestroy();
      else response.end('{"dataset":[]}');
    });
    await withServer(server, async (store) => {
      expect(await store.newestStates()).toEqual([]);
      expect(await store.newestStates()).toEqual([]);
      expect(requests).toBe(3);
    });
  });
});
