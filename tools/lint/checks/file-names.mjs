/** A file is named after what it exports, in kebab-case, in whole words of the field. */
export const name = 'file names';

const kebabCase = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;

/** Names that others read by convention. */
const conventional =
  /^(README|CHANGELOG|LICENSE|DESIGN|HOUSE_STYLE|ARCHITECTURE|API|CONFIGURATION|OPERATING|BENCHMARKS|FEEDS|IMPORT|REPLAY|Dockerfile|__init__)(\.[a-z-]+)*$/;

const protoFile = /^[a-z0-9]+(_[a-z0-9]+)*\.proto$/;
/** Migrations are applied in the order of their numbers, and named after the tables that they make. */
const migration = /^\d{3,4}_[a-z0-9]+(_[a-z0-9]+)*\.(sql|json)$/;

/** They say that something is shared, not what it is; whatever has no better place ends up there. */
const emptyWords = /(^|[-.])(utils?|common|helpers?|manager|misc|stuff)([-.]|$)/;

export function check({ files }) {
  return files.flatMap((file) => file.split('/').flatMap((part) => problemsOf(part).map((message) => ({ file, message }))));
}

function problemsOf(part) {
  const problems = [];
  const wellFormed = [kebabCase, conventional, protoFile, migration].some((pattern) => pattern.test(part));
  if (!wellFormed) problems.push(`"${part}" is not in kebab-case`);
  if (emptyWords.test(part)) problems.push(`"${part}" does not say what it is; name it after what it does`);
  return problems;
}
