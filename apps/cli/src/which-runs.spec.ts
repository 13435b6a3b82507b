import { loadConfig } from '@hindcast/service-kit/caller';
import { whichRuns } from './which-runs.js';

const oneProcess = 'http://127.0.0.1:7700';
const ofStack = 'http://127.0.0.1:7702';

async function ask(
  running: readonly string[],
  { env = {}, target }: { env?: Record<string, string>; target?: 'standalone' | 'stack' } = {},
) {
  const notes: string[] = [];
  const asked: string[] = [];
  const listens = async (url: string): Promise<boolean> => {
    asked.push(url);
    return running.includes(url);
  };
  const config = { ...loadConfig({}, env), target };
  const { tickIngestUrl, marketDataUrl, tickIngestGrpc } = await whichRuns(config, { note: (text) => notes.push(text), listens });
  return { urls: [tickIngestUrl, marketDataUrl, tickIngestGrpc], notes, asked };
}

const urlsOfStack = ['http://127.0.0.1:7701', 'http://127.0.0.1:7704', '127.0.0.1:7711'];
const urlsOfOneProcess = [oneProcess, oneProcess, '127.0.0.1:7710'];

it('takes whichever runs, a stack also where only some of it does', async () => {
  expect(await ask([oneProcess])).toMatchObject({ urls: urlsOfOneProcess, notes: [] });
  expect(await ask([ofStack])).toMatchObject({ urls: urlsOfStack, notes: [] });
});

it('says which one it takes where both run', async () => {
  const { urls, notes } = await ask([oneProcess, ofStack]);
  expect(urls).toEqual(urlsOfOneProcess);
  expect(notes).toEqual([`Both run here: asking the process of \`npm start\` at ${oneProcess}; HINDCAST_TARGET=stack asks the stack.`]);
});

it('says so where nothing runs', async () => {
  await expect(ask([])).rejects.toMatchObject({
    code: 'UPSTREAM_AWAY',
    message: 'No Hindcast runs here: nobody listens on port 7700 (the process of `npm start`) or on 7701 to 7704 (a stack).',
  });
});

it('asks no port where the environment says it', async () => {
  expect(await ask([ofStack], { target: 'standalone' })).toEqual({ urls: urlsOfOneProcess, notes: [], asked: [] });
  expect(await ask([oneProcess], { target: 'stack' })).toEqual({ urls: urlsOfStack, notes: [], asked: [] });
  const everything = await ask([], { env: { HINDCAST_URL: 'https://hindcast.example.com' } });
  expect(everything.urls).toEqual(['https://hindcast.example.com', 'https://hindcast.example.com', 'hindcast.example.com:7710']);
  const one = await ask([oneProcess], { env: { HINDCAST_MARKET_DATA_URL: 'http://reader:7704' } });
  expect(one).toEqual({ urls: [urlsOfStack[0], 'http://reader:7704', urlsOfStack[2]], notes: [], asked: [] });
});
