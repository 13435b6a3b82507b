import { table } from './markdown.mjs';

/** Read by the tools and the tests alone, so no service's config.ts declares them. */
const toolVariables = [
  [
    '`HINDCAST_DATA`',
    'a folder',
    '`../shared/data` from the project root',
    'Recorded market data for tests and benchmarks; they are skipped, and say so, where it is absent.',
  ],
  [
    '`HINDCAST_RESTART_DELAY_MAX_MS`',
    'whole number from 1,000 to 600,000',
    '`30000`',
    'How long `npm start` and `npm run stack` wait at most before it start a server or service again that keeps ending; the wait begins at a second and doubles.',
  ],
  [
    '`HINDCAST_ACCESS`',
    'a folder of the host',
    'an empty volume',
    'Keys and certificates for docker-compose.yml; the services see them in `/run/hindcast/access`.',
  ],
  [
    '`HINDCAST_PROMETHEUS_CONFIG`',
    'a file of the host',
    '`./infra/prometheus/containers.yml`',
    'What Prometheus is started with by docker-compose.yml: one of your own, where the services ask for a key or speak TLS.',
  ],
  ['`HINDCAST_TEST_KILLS`', 'a whole number', 'a few', 'How often each test of a store ends a writing process with SIGKILL.'],
  [
    '`HINDCAST_PEERS_PYTHON`',
    'a Python',
    '',
    'One that has STUMPY: the bench of moments compares paths with it; without it that part is skipped, and says so.',
  ],
  [
    '`HINDCAST_TEST_RUNS`',
    'a whole number',
    'a few',
    'Runs of each of the longer property tests, for a search that is more thorough than every day’s.',
  ],
  [
    '`HINDCAST_SEED`',
    'a whole number',
    'another one each time',
    'Where and in which order a test disturbs a replay; a failed test names the seed to repeat it.',
  ],
];

/** docs/CONFIGURATION.md, from what the config.ts files declare. @param {{ title: string, variables: import('./config-variables.mjs').Variable[] }[]} owners */
export function configurationPage(owners) {
  return [
    '# Configuration',
    'Made from the code by `npm run docs:api`. Everything has a default; nothing must be set. Variables are read once, at start: a service that finds bad ones lists them all and does not start. An empty variable counts as absent.',
    ...owners.flatMap(({ title, variables }) => [`## ${title}`, variableTable(variables)]),
    '## Tests and tools',
    table(['variable', 'allowed', 'default', 'what it does'], toolVariables),
  ]
    .join('\n\n')
    .concat('\n');
}

function variableTable(variables) {
  return table(
    ['variable', 'allowed', 'default', 'what it does'],
    variables.map((variable) => [
      `\`${variable.variable}\``,
      variable.allowed,
      variable.default === '' ? '' : `\`${variable.default}\``,
      variable.summary,
    ]),
  );
}
