/**
 * `npm run audit`: known weaknesses of the packages in the lock file, but for those that `accepted-advisories.json` names
 * with a reason. A registry without advisories (a mirror, a machine without network) is a skipped check, and says so.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { tallyLine } from '../test/tally.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const acceptedFile = fileURLToPath(new URL('accepted-advisories.json', import.meta.url));
const auditBoundMs = 120_000;
const outputBytesMax = 64 * 1024 * 1024;

/**
 * @typedef {{ id: string, package: string, severity: string, title: string, url: string }} Advisory
 * @typedef {{ advisories: readonly Advisory[] } | { skipped: string }} Audit
 */

/**
 * What npm's JSON says. Its exit code says no more, and a registry that refuses answers in the same form.
 * @param {string} output
 * @param {string} complaint what it wrote to stderr
 * @returns {Audit}
 */
export function auditOf(output, complaint) {
  const report = parsed(output);
  if (report?.vulnerabilities === undefined) {
    const refused = complaint.split('\n').find((line) => /\b(?:audit|40\d|50\d|network|E[A-Z]{4,})\b/.test(line));
    return { skipped: `the registry answers no questions about advisories (${refused?.trim() ?? report?.message ?? 'no answer'})` };
  }
  const advisories = Object.values(report.vulnerabilities)
    .flatMap(({ via }) => via.filter((cause) => typeof cause === 'object'))
    .map(({ source, name, severity, title, url }) => ({
      id: url?.split('/').at(-1) ?? String(source),
      package: name,
      severity,
      title,
      url,
    }));
  return { advisories: [...new Map(advisories.map((advisory) => [`${advisory.package} ${advisory.id}`, advisory])).values()] };
}

/**
 * Advisories that nobody has accepted, and acceptances that nothing needs any more.
 * @param {readonly Advisory[]} advisories
 * @param {Readonly<Record<string, string>>} accepted reasons by id
 */
export function problemsOf(advisories, accepted) {
  const known = new Set(advisories.map(({ id }) => id));
  return [
    ...advisories
      .filter(({ id }) => !(id in accepted))
      .map(({ id, package: of, severity, title, url }) => `${of}: ${severity}: ${title} (${id}, ${url})`),
    ...Object.keys(accepted)
      .filter((id) => !known.has(id))
      .map((id) => `${id} is accepted but concerns nothing of ours any more: take it off the list`),
  ];
}

/** @param {string} text @returns {any} */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function main() {
  /** @type {Audit} */
  const audit = await new Promise((resolve) => {
    const options = { cwd: root, timeout: auditBoundMs, maxBuffer: outputBytesMax };
    execFile('npm', ['audit', '--json'], options, (_, stdout, stderr) => resolve(auditOf(stdout, stderr)));
  });
  if ('skipped' in audit) {
    console.log(`skipped: ${audit.skipped}`);
    console.log(tallyLine({ passed: 0, failed: 0, skipped: 1 }));
    return;
  }
  const problems = problemsOf(audit.advisories, JSON.parse(readFileSync(acceptedFile, 'utf8')));
  for (const problem of problems) console.log(problem);
  console.log(tallyLine({ passed: problems.length === 0 ? 1 : 0, failed: problems.length, skipped: 0 }));
  process.exitCode = problems.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
