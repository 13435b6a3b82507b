import type { HorizonOutcomes, PricePath, SimilarAnswer } from '@hindcast/contracts';

const size = { width: 860, height: 420, left: 64, right: 38, top: 46, bottom: 44 };
const colours = { text: '#334155', faint: '#94a3b8', grid: '#e2e8f0', neighbour: '#2563eb', query: '#0f172a', band: '#f59e0b' };
const minuteSeconds = 60;

interface Point {
  /** Minutes from the moment. */
  readonly x: number;
  /** Per cent. */
  readonly y: number;
}

interface Scale {
  readonly x: (minutes: number) => number;
  readonly y: (percent: number) => number;
}

/** The paths of an answer as a drawing: the question's own before it, its neighbours' before and after, and where four fifths of them ended. */
export function neighboursSvg(answer: SimilarAnswer): string {
  const paths = answer.neighbours.map(({ path }) => [...pointsOf(path.before), ...pointsOf(path.after)]);
  const own = answer.query.path ? pointsOf(answer.query.path) : [];
  const [lows, highs, usualLows, usualHighs] = bandsOf(answer.outcomes);
  const all = [...paths.flat(), ...own, ...lows, ...highs, ...usualLows, ...usualHighs, { x: 0, y: 0 }];
  const scale = scaleOf(all);
  const { query, receipt } = answer;
  const title = `${answer.neighbours.length} moments most like ${query.symbol ?? 'this one'}${query.timestamp === undefined ? '' : ` at ${query.timestamp}`}`;
  const band = [{ x: 0, y: 0 }, ...highs, ...[...lows].reverse()];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="system-ui, sans-serif" font-size="12" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${size.width}" height="${size.height}" fill="#ffffff"/>`,
    `<text x="${size.left}" y="20" font-size="14" fill="${colours.text}">${escaped(title)}</text>`,
    legend(receipt.memory?.id),
    ...axes(all, scale),
    ...(highs.length > 0 ? [`<path d="${lineOf(band, scale)}Z" fill="${colours.band}" fill-opacity="0.16"/>`] : []),
    ...[usualLows, usualHighs]
      .filter((edge) => edge.length > 0)
      .map((edge) => curve([{ x: 0, y: 0 }, ...edge], scale, `stroke="${colours.band}" stroke-dasharray="5 4"`)),
    ...paths.map((path, place) =>
      curve(path, scale, `stroke="${colours.neighbour}" stroke-opacity="${opacityOf(place, paths.length)}" stroke-width="1.4"`),
    ),
    ...(own.length > 0 ? [curve(own, scale, `stroke="${colours.query}" stroke-width="2.6"`)] : []),
    '</svg>',
    '',
  ].join('\n');
}

function pointsOf({ seconds, returns }: PricePath): readonly Point[] {
  return seconds.map((at, place) => ({ x: at / minuteSeconds, y: 100 * returns[place] }));
}

/** Where a tenth and nine tenths of returns ended, of the neighbours and usually, at the horizons in time. */
function bandsOf(outcomes: readonly HorizonOutcomes[]): readonly (readonly Point[])[] {
  const timed = outcomes.flatMap((horizon) => {
    const match = /^(\d+)([mh])$/.exec(horizon.horizon);
    return match && horizon.return.unit === 'log-return' ? [{ horizon, x: Number(match[1]) * (match[2] === 'h' ? 60 : 1) }] : [];
  });
  const edge = (whose: 'neighbours' | 'usual', quantile: string): readonly Point[] =>
    timed.flatMap(({ horizon, x }) => {
      const value = horizon.return[whose].quantiles[quantile];
      return value === null || value === undefined ? [] : [{ x, y: 100 * value }];
    });
  return [edge('neighbours', 'p10'), edge('neighbours', 'p90'), edge('usual', 'p10'), edge('usual', 'p90')];
}

function scaleOf(points: readonly Point[]): Scale {
  const [left, right] = [Math.min(...points.map(({ x }) => x)), Math.max(...points.map(({ x }) => x), 1)];
  const reach = Math.max(0.05, ...points.map(({ y }) => Math.abs(y))) * 1.05;
  const width = size.width - size.left - size.right;
  const height = size.height - size.top - size.bottom;
  return {
    x: (minutes) => size.left + ((minutes - left) / (right - left)) * width,
    y: (percent) => size.top + ((reach - percent) / (2 * reach)) * height,
  };
}

function axes(points: readonly Point[], scale: Scale): readonly string[] {
  const [left, right] = [Math.min(...points.map(({ x }) => x)), Math.max(...points.map(({ x }) => x), 1)];
  const bottom = size.height - size.bottom;
  const reach = Math.max(0.05, ...points.map(({ y }) => Math.abs(y)));
  const rise = stepOf(reach, 3);
  const heights = Array.from({ length: 2 * Math.floor(reach / rise) + 1 }, (_, i) => (i - Math.floor(reach / rise)) * rise);
  const stride = stepOf(right - left, 8);
  const from = Math.ceil(left / stride);
  const minutes = Array.from({ length: Math.floor(right / stride) - from + 1 }, (_, i) => (from + i) * stride);
  return [
    ...heights.map(
      (y) =>
        `<line x1="${size.left}" x2="${size.width - size.right}" y1="${fixed(scale.y(y))}" y2="${fixed(scale.y(y))}" stroke="${colours.grid}"/>`,
    ),
    ...heights.map(
      (y) =>
        `<text x="${size.left - 8}" y="${fixed(scale.y(y) + 4)}" text-anchor="end" fill="${colours.text}">${y > 0 ? '+' : ''}${Number(y.toFixed(4))} %</text>`,
    ),
    ...minutes.map(
      (x) =>
        `<text x="${fixed(scale.x(x))}" y="${bottom + 18}" text-anchor="middle" fill="${colours.text}">${x === 0 ? 'the moment' : `${x > 0 ? '+' : ''}${x} min`}</text>`,
    ),
    `<line x1="${fixed(scale.x(0))}" x2="${fixed(scale.x(0))}" y1="${size.top}" y2="${bottom}" stroke="${colours.faint}"/>`,
  ];
}

/** The step of 1, 2 or 5 that makes about so many of a length. */
function stepOf(length: number, about: number): number {
  const power = 10 ** Math.floor(Math.log10(length / about));
  return [1, 2, 5, 10].map((digit) => digit * power).find((step) => length / step <= about) ?? power * 10;
}

function legend(memory: string | undefined): string {
  const items = [
    ['asked about', `stroke="${colours.query}" stroke-width="2.6"`],
    ['neighbours', `stroke="${colours.neighbour}" stroke-width="1.4"`],
    ['10 to 90 % of the nearest', `stroke="${colours.band}" stroke-opacity="0.3" stroke-width="8"`],
    ['usual at that time of day', `stroke="${colours.band}" stroke-dasharray="5 4"`],
  ];
  const marks = items.map(
    ([words, stroke], place) =>
      `<line x1="${size.left + place * 190}" x2="${size.left + place * 190 + 22}" y1="36" y2="36" ${stroke}/>` +
      `<text x="${size.left + place * 190 + 28}" y="40" fill="${colours.text}">${words}</text>`,
  );
  const of =
    memory === undefined
      ? ''
      : `<text x="${size.width - size.right}" y="20" text-anchor="end" fill="${colours.faint}">${escaped(memory)}</text>`;
  return marks.join('') + of;
}

function curve(points: readonly Point[], scale: Scale, stroke: string): string {
  return `<path d="${lineOf(points, scale)}" fill="none" stroke-linejoin="round" ${stroke}/>`;
}

function lineOf(points: readonly Point[], scale: Scale): string {
  return points.map(({ x, y }, place) => `${place === 0 ? 'M' : 'L'}${fixed(scale.x(x))} ${fixed(scale.y(y))}`).join('');
}

/** The nearest is the strongest. */
function opacityOf(place: number, count: number): string {
  return (0.85 - 0.55 * (place / Math.max(1, count - 1))).toFixed(2);
}

function fixed(value: number): string {
  return value.toFixed(1);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
