import { matchesIn } from '../tree.mjs';

/**
 * What others' packages may do and under which terms we take them. Install scripts are code that runs before anybody can
 * look at it: each is named with the reason why we do without it, and no installation of ours runs one.
 */
export const name = 'dependencies';

const listFile = 'tools/lint/accepted-dependencies.json';
const lockFile = 'package-lock.json';
const installing = /\bnpm (?:ci|install)(?!.*--ignore-scripts)(?= -|$)/g;

/** Where our own installations are written down. */
const recipes = ['Dockerfile', '.ci/run'];

export function check(tree) {
  const { installScripts, licences, licenceExceptions } = tree.json(listFile);
  const packages = Object.entries(tree.json(lockFile).packages)
    .filter(([path, { link }]) => path.includes('node_modules/') && !link)
    .map(([path, entry]) => ({ name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length), ...entry }));
  const scripted = new Set(packages.filter(({ hasInstallScript }) => hasInstallScript).map(({ name: one }) => one));
  return [
    ...[...scripted]
      .filter((one) => !(one in installScripts))
      .map((one) => at(`${one} has an install script; say in ${listFile} why we can do without it`)),
    ...Object.keys(installScripts)
      .filter((one) => !scripted.has(one))
      .map((one) => ({ file: listFile, message: `${one} has no install script any more` })),
    ...packages
      .filter((one) => !isLicensed(one, { licences, licenceExceptions }))
      .map((one) => at(`${one.name} is under ${one.license}, which ${listFile} does not name`)),
    ...unguarded(tree),
  ];
}

function at(message) {
  return { file: lockFile, message };
}

/** An entry for another platform, which was never seen here, has no licence in the lock file: its parent's stands for it. */
function isLicensed({ name: one, license, optional }, { licences, licenceExceptions }) {
  if (license === undefined) return optional === true || one in licenceExceptions;
  return licences.includes(license) || licenceExceptions[one]?.licence === license;
}

function unguarded(tree) {
  const findings = recipes
    .filter((file) => tree.files.includes(file))
    .flatMap((file) =>
      [...matchesIn(tree.read(file), installing)].map(({ line }) => ({ file, line, message: 'installs without --ignore-scripts' })),
    );
  const settings = tree.files.includes('.npmrc') ? tree.read('.npmrc') : '';
  return /^ignore-scripts=true$/m.test(settings) ? findings : [...findings, { file: '.npmrc', message: 'must say ignore-scripts=true' }];
}
