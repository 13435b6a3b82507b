import type { Command } from 'commander';
import type { AddCommand, AskFor, Json } from '../command-line.js';
import type { SimilarOptions } from './similar-arguments.js';

const help = `
What is asked about is one of: a symbol now or --at a time, a stretch of time (--path), a state, a signature, words, a vector.

Examples:
  hindcast similar --symbol BTC-USDT
  hindcast similar --symbol IBM --at 2013-10-09T15:30:00Z --explain --svg neighbours.svg
  hindcast similar --symbol SPY --at 2013-10-09T15:30:00Z --space hybrid --among SPY,IBM --distinct-days
  hindcast similar --symbol SPY --path 2013-10-09T15:00:00Z/2013-10-09T15:30:00Z
  hindcast similar --symbol SPY --path 2013-10-09T15:00:00Z/2013-10-09T15:30:00Z --path-of states
  hindcast similar --signature volatility_5m=0.6,volatility_30m=0.2,session_progress=0.1 --horizons 5m,1h
  hindcast similar --text "busy busy rising rising" --k 10`;

export function addSimilar(command: AddCommand, program: Command, asked: AskFor): void {
  command(program, 'similar', 'the moments of the past that were most like this one, and what followed them')
    .option('--symbol <symbol>', 'whose moment is asked about')
    .option('--at <time>', 'ISO 8601; the newest moment at or before it, now where nothing is said')
    .option('--market <market>', 'as usa/equity, where the symbol trades on several')
    .option('--path <from/to>', 'of the symbol: stretches whose prices went alike')
    .option('--path-of <what>', 'prices, or states: stretches whose moments went alike')
    .option('--state <json>', 'a state: {"symbol", "timestamp"}, or the fields of one that nobody made')
    .option('--signature <list>', 'components with their values, as volatility_5m=0.4,session_progress=0.2')
    .option('--text <sentence>', 'in the words that states are told in')
    .option('--vector <json>', 'of the text space')
    .option('--k <count>', 'how many moments', '5')
    .option('--space <name>', 'signature, text or hybrid')
    .option('--memory <name>', 'another memory than the one in use')
    .option('--among <list>', 'moments of these symbols only')
    .option('--among-market <market>', 'moments of this market only')
    .option('--from <time>', 'moments from here on only')
    .option('--to <time>', 'moments before here only; a day is included')
    .option('--regimes <list>', 'moments of these regimes only')
    .option('--where <bounds...>', 'components within bounds, as "volatility_5m>=0.5" "return_5m<=-1"')
    .option('--as-of <time>', 'hide what was not known then')
    .option('--gap <length>', 'between neighbours of a symbol: 5m where nothing is said')
    .option('--exclude <length>', 'around the moment itself: 1h where nothing is said')
    .option('--distinct-days', "one neighbour of a symbol's day at most")
    .option('--horizons <list>', "some of the memory's, as 5m,1h,end_of_day")
    .option('--explain', 'say which components made each neighbour alike and different')
    .option('--exact', 'compare with every row')
    .option('--svg <file>', "draw the neighbours' paths into a file")
    .addHelpText('after', help)
    .action(asked<SimilarOptions & Json>(async (options, terminal) => (await import('../commands/similar.js')).similar(options, terminal)));
}
