import { keepEverything, shortMemory, type Retention } from '@hindcast/store-duckdb';
import { z } from 'zod';

const unitsMs = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const table = /(trades|quotes|states|rejected|bars_(?:1s|1m|1h|1d))=([1-9]\d{0,5})([mhd])/;
const list = new RegExp(`^${table.source}(,${table.source})*$`);
const shortMemoryName = 'short-memory';

/** `trades=30d,quotes=7d,bars_1s=90d`: how long each table is kept. */
export const retentionSetting = z
  .string()
  .refine((text) => text === '' || text === shortMemoryName || list.test(text))
  .describe(`${shortMemoryName}, or a list as trades=30d,quotes=7d,states=1d,rejected=12h,bars_1s=30m; tables that are not named are kept`);

type BarsMs = NonNullable<Retention['barsMs']>;

export function retentionOf(text: string): Retention {
  if (text === '') return keepEverything;
  if (text === shortMemoryName) return shortMemory;
  const kept = text.split(',').map((entry): readonly [string, number] => {
    const [, name, count, unit] = table.exec(entry) ?? [];
    return [name, Number(count) * unitsMs[unit as keyof typeof unitsMs]];
  });
  const bars = kept.filter(([name]) => name.startsWith('bars_')).map(([name, ms]) => [name.slice('bars_'.length), ms]);
  const others = kept.filter(([name]) => !name.startsWith('bars_')).map(([name, ms]) => [`${name}Ms`, ms]);
  return {
    ...(Object.fromEntries(others) as Retention),
    ...(bars.length > 0 ? { barsMs: Object.fromEntries(bars) as BarsMs } : {}),
  };
}
