import { matchesIn } from '../tree.mjs';

/** The Dockerfile builds from pinned images, copies what exists and runs as nobody special. */
export const name = 'image recipe';

const file = 'Dockerfile';

export function check(tree) {
  if (!tree.files.includes(file)) return [{ file, message: 'is missing' }];
  const text = tree.read(file);
  return [...unpinnedBases(text), ...missingSources(tree, text), ...rootStages(text)].map((finding) => ({ file, ...finding }));
}

function unpinnedBases(text) {
  const stages = new Set([...text.matchAll(/^FROM \S+ AS (\S+)/gim)].map(([, stage]) => stage));
  return [...matchesIn(text, /^FROM (\S+)/gi)]
    .filter(({ match }) => !stages.has(match[1]) && !/:[^:/\d]*\d[^:/]*$/.test(match[1]))
    .map(({ line, match }) => ({ line, message: `${match[1]} must name a version` }));
}

function missingSources(tree, text) {
  return [...matchesIn(text, /^COPY (?!--from)((?:--\S+ )*)(.+)$/g)].flatMap(({ line, match }) => {
    const sources = match[2].trim().split(/\s+/).slice(0, -1);
    return sources.filter((source) => !isThere(tree, source)).map((source) => ({ line, message: `copies ${source}, which is not there` }));
  });
}

function isThere({ files }, source) {
  const path = source.replace(/^\.\//, '').replace(/\/$/, '');
  return path === '.' || files.some((file) => file === path || file.startsWith(`${path}/`));
}

/** The last stage is the one that runs. */
function rootStages(text) {
  const last = text.slice(text.toUpperCase().lastIndexOf('\nFROM '));
  const user = /^USER (\S+)/m.exec(last)?.[1];
  return user === undefined || user === 'root' || user === '0' ? [{ message: 'the last stage runs as root' }] : [];
}
