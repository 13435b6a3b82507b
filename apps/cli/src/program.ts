import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { exitCodesHelp, type ExitCode } from './exit-codes.js';
import type { AddFeedOptions } from './commands/feeds.js';
import type { AgentOptions, PutAgentOptions, SignalOptions } from './commands/agents.js';
import type { NewKeyOptions, RevokeOptions } from './commands/keys.js';
import type { PlaybackOptions } from './commands/playback.js';
import type { RebuildOptions } from './commands/physics-rebuild.js';
import type { SkillOptions } from './commands/skill.js';
import type { SqlOptions } from './commands/sql.js';
import type { StatusOptions } from './commands/status.js';
import type { WatchOptions } from './commands/watch.js';
import type { ExportOptions } from './export/export-arguments.js';
import type { ImportOptions } from './import/import-arguments.js';
import type { ReplayOptions } from './replay/replay-arguments.js';
import { addSimilar } from './similar/similar-command.js';
import { showing, type AddCommand, type Asked, type AskFor, type Json } from './command-line.js';
import { addMemory } from './memory-commands.js';
import type { Terminal } from './terminal.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string };

/** The command line. Each command's code is loaded when it is asked for, so that help costs nothing. */
export function hindcastProgram(ask: (asked: Asked) => void): Command {
  const program = new Command('hindcast')
    // Both pass on to the commands below: failures are thrown, and an option belongs to the command before it.
    .exitOverride()
    .enablePositionalOptions()
    .description('Records a market tick by tick, keeps its state as vectors, and finds the moments that were like this one.')
    .version(version)
    .showHelpAfterError('(--help shows the options)')
    .addHelpText('after', exitCodesHelp);
  const command = (parent: Command, name: string, summary: string): Command =>
    parent.command(name).description(summary).option('--json', 'print the answer as one JSON document');
  const asked = <Options extends { json?: boolean }>(run: (options: Options, terminal: Terminal) => Promise<ExitCode>) => {
    return (options: Options) => ask({ json: options.json ?? false, run: (terminal) => run(options, terminal) });
  };
  addImport(command, program, asked);
  addReplay(command, program, asked);
  addExport(command, program, asked);
  addLedger(command, program, asked);
  addFeedCommands(command, program, asked);
  addFollowers(command, program, asked);
  addPhysics(command, program, asked);
  addMigrate(command, program, asked);
  command(program, 'status', 'what needs a person first, then log, followers, ledger, states, vectors, stores and readers')
    .option('--watch', 'every two seconds, until Ctrl-C')
    .addHelpText('after', '\nExamples:\n  hindcast status\n  hindcast status --watch\n  hindcast status --json')
    .action(asked<StatusOptions & Json>(async (options, terminal) => (await import('./commands/status.js')).showStatus(options, terminal)));
  command(program, 'doctor', 'what is in the way of a start, or wrong with what runs, and what to do about it')
    .addHelpText('after', '\nIt changes nothing. Exit code 1 where something has to be mended.\n\nExample:\n  hindcast doctor')
    .action(asked(async (_options, terminal) => (await import('./commands/doctor.js')).doctor(terminal)));
  addSimilar(command, program, asked);
  addMemory(command, program, asked);
  addSql(command, program, asked);
  addSkill(command, program, asked);
  addAgents(command, program, asked);
  command(program, 'watch', 'prices and states as they are made: a board on a terminal, lines elsewhere')
    .option('--symbols <list>', 'these symbols only, with commas between')
    .option('--lines', 'a line a state, on a terminal too')
    .option('--url <url>', 'another state-broadcaster, as https://hindcast.example.com:7703')
    .addHelpText('after', '\nExample:\n  hindcast watch --symbols SPY,IBM\n\nOn a terminal q or Ctrl-C ends it.')
    .action(asked<WatchOptions & Json>(async (options, terminal) => (await import('./commands/watch.js')).watch(options, terminal)));
  addPlayback(command, program, asked);
  addKeys(command, program, asked);
  return program;
}

function addImport(command: AddCommand, program: Command, asked: AskFor): void {
  command(program, 'import', 'bring recorded ticks in from files: LEAN, tardis.dev, Binance, CSV, Parquet, Arrow')
    .argument('<path...>', 'files, folders, patterns')
    .option('--columns <list>', 'which column means what: timestamp=ts,price=px,size=qty')
    .option('--timestamp-unit <unit>', 's, ms, us, ns; auto tells them by their digits')
    .option('--symbol <symbol>', 'of all rows, as BTC-USDT')
    .option('--market <market>', 'of all rows, as binance/spot')
    .option('--source <name>', 'who gave the ids of the rows')
    .option('--rejects <file>', 'where rejected rows go, NDJSON')
    .option('--batch <rows>', 'rows a batch', '5000')
    .option('--dry-run', 'say what was understood, and send nothing')
    .option('--yes', 'do not ask')
    .option('--restart', 'from the beginning, also where an earlier run was stopped')
    .option('--wait-embeddings', 'at the end wait for embeddings too')
    .addHelpText(
      'after',
      `
Every file is read once before anything is sent: what is damaged or not understood is told then. Stopped by Ctrl-C, the
same command goes on where it was. Repeating an import adds nothing: every row is then a duplicate.

Examples:
  hindcast import ~/lean/equity/usa/tick --dry-run
  hindcast import BTCUSDT-trades-2025-01-01.zip
  hindcast import 'ticks/*.parquet' --columns timestamp=ts,price=px,size=qty --symbol BTC-USDT --market okx/spot`,
    )
    .action((paths: string[], options: ImportOptions & Json) =>
      asked<ImportOptions & Json>(async (given, terminal) =>
        (await import('./commands/import-files.js')).importFiles(paths, given, terminal),
      )(options),
    );
}

function addExport(command: AddCommand, program: Command, asked: AskFor): void {
  command(program, 'export', 'write what is stored to a file: Parquet, CSV or Arrow')
    .argument('<table>', 'trades, quotes, bars or states')
    .requiredOption('--symbol <symbol>', 'whose')
    .option('--market <market>', 'as usa/equity, where the symbol trades on several')
    .option('--from <time>', 'a day or a time, ISO 8601, UTC')
    .option('--to <time>', 'a day, included, or a time, not included')
    .option('--interval <length>', 'of bars: 1s, 1m, 1h, 1d; 1m where it is not given')
    .option('--columns <names>', 'these alone, as timestamp,price,size; all where none are given')
    .option('--format <name>', 'parquet, csv, arrow', 'parquet')
    .option('--out <file>', 'where to; - is standard output; named after what it holds where it is not given')
    .addHelpText(
      'after',
      `
The file is there when it is whole. Each row says its market and who gave its id; hindcast import reads it again, exactly,
where it has all columns.

Examples:
  hindcast export trades --symbol SPY --from 2013-10-07 --to 2013-10-09
  hindcast export trades --symbol SPY --columns timestamp,price,size --format arrow
  hindcast export bars --symbol BTC-USDT --interval 1m --format csv --out - | head`,
    )
    .action((table: string, options: ExportOptions & Json) =>
      asked<ExportOptions & Json>(async (given, terminal) =>
        (await import('./commands/export-table.js')).exportTable(table, given, terminal),
      )(options),
    );
}

function addSkill(command: AddCommand, program: Command, asked: AskFor): void {
  command(program, 'skill', 'how far to trust the memory: of the running one, or measured on recorded days')
    .option('--memory <id>', 'of what runs: this memory; else the one in use')
    .option(
      '--data <path>',
      "measures days of files instead: the folder with LEAN's equity/ and forex/, or whatever `hindcast import` reads",
    )
    .option('--symbols <list>', 'symbols with commas between')
    .option('--from <day>', 'first day, yyyy-mm-dd, of the market itself')
    .option('--to <day>', 'last day, included')
    .option('--every <seconds>', 'a moment this often', '60')
    .option('--horizons <list>', 'how far ahead, minutes and hours', '1m,5m,15m,30m')
    .option('--out <folder>', 'where skill.html and skill.json go', 'skill')
    .addHelpText(
      'after',
      `
Without --data what runs is asked what its last build measured. With --data nothing that runs is asked or changed: every
forecaster is tried on the days of the files, walking forward and leaving one day out, which takes a minute or a few.

Examples:
  hindcast skill
  hindcast skill --data "$HINDCAST_DATA/lean" --symbols SPY,IBM,BAC,AIG --from 2013-10-07 --to 2013-10-09
  hindcast skill --data ~/ticks --symbols BTC-USDT --from 2025-01-01 --to 2025-01-14 --every 300`,
    )
    .action(asked<SkillOptions & Json>(async (options, terminal) => (await import('./commands/skill.js')).skill(options, terminal)));
}

function addReplay(command: AddCommand, program: Command, asked: AskFor): void {
  command(program, 'replay', 'send recorded ticks through tick-ingest')
    .option('--format <name>', 'how the files are written: lean', 'lean')
    .requiredOption('--data <folder>', 'the folder with equity/ and forex/')
    .requiredOption('--symbols <list>', 'symbols with commas between')
    .requiredOption('--from <day>', 'first day, yyyy-mm-dd, of the market itself')
    .requiredOption('--to <day>', 'last day, included')
    .option('--kinds <list>', 'trades, quotes or both', 'trades,quotes')
    .option('--speed <times>', 'max, or N times real time', 'max')
    .option('--batch <rows>', 'rows a batch', '5000')
    .option('--restart', 'from the beginning, also where an earlier run was stopped')
    .option('--wait-embeddings', 'at the end wait for embeddings too')
    .addHelpText(
      'after',
      `
Stopped by Ctrl-C, the same command goes on where it was. Repeating a finished replay adds nothing: every row is then a
duplicate. Days that come after later ones end with a rebuild of their states in hindsight.

Examples:
  hindcast replay --data "$HINDCAST_DATA/lean" --symbols SPY,IBM --from 2013-10-07 --to 2013-10-09
  hindcast replay --data "$HINDCAST_DATA/lean" --symbols EURUSD --from 2014-05-05 --to 2014-05-09 --kinds quotes --speed 60`,
    )
    .action(asked<ReplayOptions & Json>(async (options, terminal) => (await import('./commands/replay.js')).replay(options, terminal)));
}

function addPlayback(command: AddCommand, program: Command, asked: AskFor): void {
  command(program, 'playback', 'play recorded states once more, as they were made then; live states stay as they are')
    .requiredOption('--symbols <list>', 'symbols with commas between')
    .requiredOption('--from <time>', 'a day or a time, ISO 8601, UTC')
    .requiredOption('--to <time>', 'a day, included, or a time')
    .option('--speed <times>', 'so many times as fast as it happened, or max', '1')
    .option('--step', 'stand still until a key is pressed')
    .option('--market <market>', 'this market only, as usa/equity')
    .option('--mode <mode>', 'live (what was told then) or hindsight (with what came late)', 'live')
    .option('--name <name>', 'what others listen to it by: /v1/stream?replay=<name>')
    .addHelpText(
      'after',
      `
Keys: space pauses and goes on, n steps by one state, left and right seek by a minute, up and down change the speed, q ends.

Examples:
  hindcast playback --symbols SPY --from 2013-10-07T14:30:00Z --to 2013-10-07T15:00:00Z --speed 10
  hindcast playback --symbols SPY,IBM --from 2013-10-07 --to 2013-10-07 --speed max --json`,
    )
    .action(
      asked<PlaybackOptions & Json>(async (options, terminal) => (await import('./commands/playback.js')).playback(options, terminal)),
    );
}

function addLedger(command: AddCommand, program: Command, asked: AskFor): void {
  const ledger = showing(
    command(program, 'ledger', 'what became of every row that was ever received'),
    asked(async (_options, terminal) => (await import('./commands/ledger.js')).showLedger(terminal)),
  ).addHelpText('after', '\nExamples:\n  hindcast ledger\n  hindcast ledger verify --json');
  command(ledger, 'verify', 'count the store itself and compare')
    .addHelpText('after', '\nExample:\n  hindcast ledger verify')
    .action(asked(async (_options, terminal) => (await import('./commands/ledger.js')).verifyLedger(terminal)));
  command(ledger, 'retry', 'send quarantined rows again')
    .addHelpText('after', '\nExample, once the store takes what it refused:\n  hindcast ledger retry')
    .action(asked(async (_options, terminal) => (await import('./commands/ledger.js')).retryQuarantined(terminal)));
  command(ledger, 'resend', 'send everything that the log holds to the store once more')
    .addHelpText('after', '\nExample, after the store or a table of it was lost:\n  hindcast ledger resend')
    .action(asked(async (_options, terminal) => (await import('./commands/ledger.js')).resendLog(terminal)));
}

function addFeedCommands(command: AddCommand, program: Command, asked: AskFor): void {
  const load = () => import('./commands/feeds.js');
  const feeds = showing(
    command(program, 'feeds', 'where ticks come from by themselves, and how each source is'),
    asked(async (_options, terminal) => (await load()).showFeeds(terminal)),
  ).addHelpText(
    'after',
    '\nExamples:\n  hindcast feeds\n  hindcast feeds add simulator --symbols BTC-USDT --seed 7\n  hindcast feeds stop simulator',
  );
  command(feeds, 'add', 'start a feed, now and at each start of the service')
    .argument('[kind]', 'simulator, crypto, alpaca or auto')
    .option('--name <name>', 'what it is called; its kind where nothing is said')
    .option('--symbols <list>', 'symbols with commas between')
    .option('--sources <list>', 'of crypto: where the symbols come from, the best first, as kraken/spot,okx/spot')
    .option('--seed <number>', 'of a simulator: other seeds are other markets')
    .option('--market <market>', 'of a simulator: simulated/ and a name of its own')
    .option('--history <time>', 'of a simulator: how much it tells of before now, as 90s, 30m, 4h or 7d')
    .option('--tape <name>', 'of Alpaca: iex, which is free, or sip')
    .option('--file <path>', 'the feeds of a JSON file, as docs/FEEDS.md has it')
    .addHelpText(
      'after',
      `
Examples:
  hindcast feeds add simulator --symbols BTC-USDT --seed 7 --market simulated/mine
  hindcast feeds add crypto --symbols BTC-USDT,ETH-USDT --sources kraken/spot,okx/spot
  hindcast feeds add --file feeds.json`,
    )
    .action((kind: string | undefined, options: AddFeedOptions & Json) =>
      asked<AddFeedOptions & Json>(async ({ json: _json, ...given }, terminal) => (await load()).addFeeds(kind, given, terminal))(options),
    );
  const named = (name: string, summary: string, run: (feed: string, terminal: Terminal) => Promise<ExitCode>): void => {
    command(feeds, name, summary)
      .argument('<feed>', 'as `hindcast feeds` lists it')
      .addHelpText('after', `\nExample:\n  hindcast feeds ${name} simulator`)
      .action((feed: string, options: Json) => asked<Json>(async (_options, terminal) => run(feed, terminal))(options));
  };
  named('stop', 'until it is started again, also over a restart', async (feed, terminal) =>
    (await load()).controlFeed(feed, 'stop', terminal),
  );
  named('start', 'one that was stopped, has failed or ended', async (feed, terminal) =>
    (await load()).controlFeed(feed, 'start', terminal),
  );
  named('remove', 'stop a feed and forget it; what it has brought stays', async (feed, terminal) =>
    (await load()).removeFeed(feed, terminal),
  );
}

function addFollowers(command: AddCommand, program: Command, asked: AskFor): void {
  const load = () => import('./commands/followers.js');
  const followers = showing(
    command(program, 'followers', 'whom the log waits for, and how far each is behind'),
    asked(async (_options, terminal) => (await load()).showFollowers(terminal)),
  ).addHelpText('after', '\nExamples:\n  hindcast followers\n  hindcast followers forget my-backup');
  command(followers, 'forget', 'let the log go on without a follower from outside that will not come back')
    .argument('<name>', 'as `hindcast followers` lists it')
    .addHelpText('after', '\nIts next report makes it known again: stop it first.\n\nExample:\n  hindcast followers forget my-backup')
    .action((name: string, options: Json) =>
      asked<Json>(async (_options, terminal) => (await load()).forgetFollower(name, terminal))(options),
    );
}

function addPhysics(command: AddCommand, program: Command, asked: AskFor): void {
  const physics = program.command('physics').description('physics states');
  command(physics, 'rebuild', 'make the states of a span again from the stored trades')
    .requiredOption('--mode <mode>', 'live (late trades left out, the same bits as ever) or hindsight (all trades)')
    .requiredOption('--from <time>', 'a day or a time, ISO 8601, UTC')
    .requiredOption('--to <time>', 'a day, included, or a time, not included')
    .option('--symbols <list>', 'these symbols only, with commas between')
    .addHelpText('after', '\nExample:\n  hindcast physics rebuild --mode hindsight --from 2013-10-07 --to 2013-10-09 --symbols SPY')
    .action(
      asked<RebuildOptions & Json>(async (options, terminal) =>
        (await import('./commands/physics-rebuild.js')).physicsRebuild(options, terminal),
      ),
    );
}

function addMigrate(command: AddCommand, program: Command, asked: AskFor): void {
  const migrate = program
    .command('migrate')
    .description('tables, indexes and keys of the stores')
    .addHelpText('after', '\nExamples:\n  hindcast migrate plan\n  hindcast migrate up');
  command(migrate, 'up', 'apply what is pending; safe to repeat')
    .addHelpText('after', '\nExample:\n  hindcast migrate up')
    .action(asked(async (_options, terminal) => (await import('./commands/migrate.js')).migrateUp(terminal)));
  command(migrate, 'status', 'every migration and whether it is applied')
    .addHelpText('after', '\nExample:\n  hindcast migrate status --json')
    .action(asked(async (_options, terminal) => (await import('./commands/migrate.js')).migrateStatus(terminal)));
  command(migrate, 'plan', 'what `up` would apply')
    .addHelpText('after', '\nExample, before an update:\n  hindcast migrate plan')
    .action(asked(async (_options, terminal) => (await import('./commands/migrate.js')).migratePlan(terminal)));
}

function addKeys(command: AddCommand, program: Command, asked: AskFor): void {
  const keys = program
    .command('keys')
    .description('API keys, in the file that HINDCAST_API_KEYS names')
    .addHelpText(
      'after',
      '\nExamples:\n  hindcast keys new --name feed --rights write\n  hindcast keys list\n  hindcast keys revoke --name feed',
    );
  const load = () => import('./commands/keys.js');
  command(keys, 'new', 'make a key, and print it this once')
    .requiredOption('--name <name>', 'who it is for')
    .requiredOption('--rights <list>', 'read, write, admin, with commas between')
    .option('--expires <time>', 'ISO 8601; never where it is not given')
    .addHelpText('after', '\nExample:\n  hindcast keys new --name desk --rights read,write --expires 2027-12-31')
    .action(asked<NewKeyOptions & Json>(async (options, terminal) => (await load()).newApiKey(options, terminal)));
  command(keys, 'list', 'every key, without what it could be made from')
    .addHelpText('after', '\nExample:\n  hindcast keys list')
    .action(asked(async (_options, terminal) => (await load()).listKeys(terminal)));
  command(keys, 'revoke', 'take a key out of the file; services forget it within a second')
    .requiredOption('--name <name>', 'whose')
    .addHelpText('after', '\nExample:\n  hindcast keys revoke --name desk')
    .action(asked<RevokeOptions & Json>(async (options, terminal) => (await load()).revokeKey(options, terminal)));
}

function addSql(command: AddCommand, program: Command, asked: AskFor): void {
  command(program, 'sql', 'ask the store that runs: trades, quotes, bars_1m and market_states of all instruments')
    .argument('<select>', 'one SELECT, in the SQL of DuckDB')
    .option('--symbols <list>', 'files of these symbols only, with commas between')
    .option('--market <market>', 'files of this market only, as usa/equity')
    .option('--limit <rows>', 'rows at most', '1000')
    .option('--format <name>', 'table, csv or json')
    .addHelpText(
      'after',
      `
Nothing can be changed by it. Ctrl-C calls the question off.

Examples:
  hindcast sql "DESCRIBE trades"
  hindcast sql "SELECT symbol, count(*) AS trades, max(timestamp) AS newest FROM trades GROUP BY symbol"
  hindcast sql "FROM bars_1m ORDER BY timestamp" --symbols BTC-USDT --limit 100000 --format csv > bars.csv`,
    )
    .action((sql: string, options: SqlOptions & Json) =>
      asked<SqlOptions & Json>(async (given, terminal) => (await import('./commands/sql.js')).askSql(sql, given, terminal))(options),
    );
}

function addAgents(command: AddCommand, program: Command, asked: AskFor): void {
  command(program, 'signal', 'publish a decision to whoever listens to trade_signals now')
    .requiredOption('--symbol <symbol>', 'what to trade')
    .requiredOption('--side <side>', 'buy or sell')
    .requiredOption('--confidence <number>', '0 to 1')
    .option('--at <time>', 'ISO 8601; now where it is not given')
    .option('--agent <id>', 'whose decision it is')
    .addHelpText('after', '\nExample:\n  hindcast signal --symbol SPY --side buy --confidence 0.85 --agent analyst-1')
    .action(asked<SignalOptions & Json>(async (options, terminal) => (await import('./commands/agents.js')).sendSignal(options, terminal)));
  const agent = program.command('agent').description("agents' state, kept for an hour");
  command(agent, 'get', 'the state, and how long it is still kept')
    .requiredOption('--id <agent>', 'the agent')
    .addHelpText('after', '\nExample:\n  hindcast agent get --id analyst-1')
    .action(asked<AgentOptions & Json>(async (options, terminal) => (await import('./commands/agents.js')).getAgent(options, terminal)));
  command(agent, 'put', 'keep a state in place of the older one')
    .requiredOption('--id <agent>', 'the agent')
    .option('--state <json>', 'the state as a JSON object')
    .option('--file <path>', 'the state from a file')
    .addHelpText('after', `\nExample:\n  hindcast agent put --id analyst-1 --state '{"context": "long", "last_signal": "BUY"}'`)
    .action(asked<PutAgentOptions & Json>(async (options, terminal) => (await import('./commands/agents.js')).putAgent(options, terminal)));
}
