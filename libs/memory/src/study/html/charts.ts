/** Charts as inline SVG: no script, nothing loaded from anywhere. Colours and fonts come from the page's style. */

export interface Series {
  readonly title: string;
  readonly values: readonly number[];
}

const width = 640;
const rowHeight = 18;
const labelWidth = 150;

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Horizontal bars from 0, grouped: one group a label, one bar a series. Values below `least` are cut and told as numbers. */
export function barChart(
  labels: readonly string[],
  series: readonly Series[],
  { least, most, digits = 2 }: { readonly least: number; readonly most: number; readonly digits?: number },
): string {
  const groupHeight = series.length * rowHeight + 14;
  const height = labels.length * groupHeight + 8;
  const span = width - labelWidth - 60;
  const x = (value: number): number => labelWidth + ((Math.max(least, Math.min(most, value)) - least) / (most - least)) * span;
  const bars = labels.flatMap((label, group) => [
    `<text x="0" y="${group * groupHeight + rowHeight}" class="label">${escaped(label)}</text>`,
    ...series.map(({ title, values }, i) => {
      const top = group * groupHeight + i * rowHeight + 4;
      const [from, to] = values[group] < 0 ? [x(values[group]), x(0)] : [x(0), x(values[group])];
      const number = Number.isFinite(values[group]) ? values[group].toFixed(digits) : 'none';
      return (
        `<g><title>${escaped(`${label}, ${title}: ${number}`)}</title>` +
        `<rect x="${from.toFixed(1)}" y="${top}" width="${Math.max(0.5, to - from).toFixed(1)}" height="${rowHeight - 4}" class="s${i}"/>` +
        `<text x="${(Math.max(from, to) + 5).toFixed(1)}" y="${top + rowHeight - 7}" class="number">${number}</text></g>`
      );
    }),
  ]);
  const zero = `<line x1="${x(0).toFixed(1)}" x2="${x(0).toFixed(1)}" y1="0" y2="${height - 6}" class="axis"/>`;
  return `${legend(series)}<svg viewBox="0 0 ${width} ${height}" role="img">${zero}${bars.join('')}</svg>`;
}

function legend(series: readonly Series[]): string {
  if (series.length < 2) return '';
  return `<p class="legend">${series.map(({ title }, i) => `<span class="named"><span class="key s${i}"></span>${escaped(title)}</span>`).join(' ')}</p>`;
}

/** Promised against kept shares, 0 to 1 on both axes, beside the diagonal. */
export function calibrationChart(series: readonly Series[]): string {
  const side = 320;
  const margin = 34;
  const at = (share: number): number => margin + share * (side - margin - 8);
  const y = (share: number): number => side - at(share);
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<line x1="${at(share)}" x2="${at(share)}" y1="${y(0)}" y2="${y(1)}" class="grid"/><line x1="${at(0)}" x2="${at(1)}" y1="${y(share)}" y2="${y(share)}" class="grid"/>` +
      `<text x="${at(share)}" y="${side - 14}" class="tick" text-anchor="middle">${share}</text><text x="${margin - 6}" y="${y(share) + 4}" class="tick" text-anchor="end">${share}</text>`,
  );
  const lines = series.map(({ values }, i) => {
    const points = [0, ...values].map((value, place) => `${at(place / values.length).toFixed(1)},${y(value).toFixed(1)}`);
    return `<polyline points="${points.join(' ')}" class="line s${i}"/>`;
  });
  const diagonal = `<line x1="${at(0)}" x2="${at(1)}" y1="${y(0)}" y2="${y(1)}" class="axis"/>`;
  return (
    `${legend(series)}<svg viewBox="0 0 ${side} ${side}" class="square" role="img"><title>share of outcomes below, promised across and kept upwards</title>` +
    `${grid.join('')}${diagonal}${lines.join('')}</svg>`
  );
}
