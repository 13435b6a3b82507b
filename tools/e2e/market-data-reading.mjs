/** A range of market-data read in each of its three formats, as rows that can be compared. */
import { tableFromIPC } from 'apache-arrow';

async function answerOf(url, query, format) {
  const response = await fetch(`${url}?${new URLSearchParams({ ...query, format })}`);
  if (!response.ok) throw new Error(`${response.status} from ${url}: ${await response.text()}`);
  return response;
}

/** Every page of the JSON answers, `limit` rows each, one after another. */
export async function readPages(url, query, { rowsName, limit }) {
  const rows = [];
  let cursor;
  do {
    const page = await (await answerOf(url, { ...query, limit, ...(cursor && { cursor }) }, 'json')).json();
    rows.push(...page[rowsName]);
    cursor = page.next_cursor;
  } while (cursor);
  return rows;
}

/** Lines of the CSV answer, the heading first. */
export async function readCsv(url, query) {
  const text = await (await answerOf(url, query, 'csv')).text();
  return text.trimEnd().split('\n');
}

/** What `readCsv` must give for these rows, by RFC 4180. */
export function csvOf(rows) {
  const cell = (value) => (/[",\n\r]/.test(`${value ?? ''}`) ? `"${value.replaceAll('"', '""')}"` : `${value ?? ''}`);
  return [Object.keys(rows[0]).join(','), ...rows.map((row) => Object.values(row).map(cell).join(','))];
}

/** The Arrow answer as rows with the words of the JSON answer. */
export async function readArrow(url, query) {
  const table = tableFromIPC(new Uint8Array(await (await answerOf(url, query, 'arrow')).arrayBuffer()));
  const names = table.schema.fields.map(({ name }) => name);
  const columns = names.map((name) => table.getChild(name));
  return Array.from({ length: table.numRows }, (_, row) =>
    Object.fromEntries(names.map((name, column) => [name, plain(columns[column].get(row), name)])),
  );
}

function plain(value, name) {
  if (typeof value === 'bigint') return Number(value);
  return name === 'timestamp' || name === 'received_at' ? isoOf(Math.round(value * 1000)) : value;
}

/** With as many digits of a second as it needs: none, three or six. */
function isoOf(timeUs) {
  const [seconds, fraction] = [new Date(Math.floor(timeUs / 1e6) * 1000).toISOString().slice(0, 19), timeUs % 1e6];
  if (fraction === 0) return `${seconds}Z`;
  const digits = String(fraction).padStart(6, '0');
  return `${seconds}.${digits.endsWith('000') ? digits.slice(0, 3) : digits}Z`;
}
