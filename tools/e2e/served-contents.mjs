/** What whichever Hindcast serves, as lines of text in a fixed order: a stack and one process can be held against each other. */

/** Which batch a row came in, when, and whether a later one had come before it: how it was sent, and not what. */
const ofTheWay = new Set(['sequence', 'received_at', 'late']);

async function linesOf(url, path, query) {
  // While a million lines are put in order here, the server gives up a connection that was kept.
  const headers = { connection: 'close' };
  const response = await fetch(`${url}/v1/${path}?${new URLSearchParams({ ...query, format: 'csv' })}`, { headers });
  const text = await response.text();
  if (response.status === 404) return [];
  if (!response.ok) throw new Error(`${response.status} to ${path} of ${JSON.stringify(query)}: ${text}`);
  const [heading, ...lines] = text.trimEnd().split('\n');
  const kept = heading.split(',').flatMap((name, at) => (ofTheWay.has(name) ? [] : [at]));
  // A cell in quotes may hold a comma (`1,suspicious` among conditions), and stands last: nothing before it is parted.
  return lines.map((line) => {
    const cells = line.split(',');
    const last = cells.slice(heading.split(',').length - 1).join(',');
    return kept.map((at, n) => (n === kept.length - 1 ? last : cells[at])).join(',');
  });
}

/** @returns {Promise<readonly string[]>} in the order of time, those of one time by what they say */
export async function servedRows({ urls }, path, query) {
  return (await linesOf(urls.marketData, path, query)).toSorted();
}

/** `trades IBM 2013-10-07` to its number of rows, as counted by the store itself. */
export async function servedCounts(stack, symbols) {
  const counts = {};
  for (const table of ['trades', 'quotes']) {
    for (const symbol of symbols) {
      for (const line of await linesOf(stack.urls.marketData, table, { symbol })) {
        const cell = `${table} ${symbol} ${line.slice(0, 10)}`;
        counts[cell] = (counts[cell] ?? 0) + 1;
      }
    }
  }
  return counts;
}
