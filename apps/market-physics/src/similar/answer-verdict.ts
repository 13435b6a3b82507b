import { dayUs, hourUs, isoFromUs, minuteUs, type SimilarNeighbour } from '@hindcast/contracts';
import { verdictOf, type Foretold } from '@hindcast/memory';
import type { Asked } from './question.js';
import type { SimilarQuestion } from './similar-request.js';

/** Markets of the simulator, and of nobody else. */
const simulatedMarkets = 'simulated/';
/** A market that rests, or trades that do not come: the answer is right, and not about the time that was named. */
const ageUnsaidUs = 5 * minuteUs;

interface Judged {
  readonly question: SimilarQuestion;
  readonly asked: Asked;
  readonly neighbours: readonly Pick<SimilarNeighbour, 'market'>[];
  readonly isBySignature: boolean;
}

/** An answer in words. Skill was measured by signatures, of recorded markets: other answers have none. */
export function answerVerdict(foretold: readonly Foretold[], { question, asked, neighbours, isBySignature }: Judged): readonly string[] {
  const simulated = neighbours.filter(isSimulated).length;
  const { market, symbol } = asked.query;
  const about = market === undefined || symbol === undefined ? undefined : { market, symbol };
  return [
    ...ageWords(question, asked),
    ...verdictOf(isBySignature ? (asked.memory?.skill ?? null) : null, foretold, about),
    ...(simulated === 0 ? [] : [`${simulated} of ${neighbours.length} neighbours are simulated: they say nothing of a real market.`]),
  ];
}

export function isSimulated({ market }: Pick<SimilarNeighbour, 'market'>): boolean {
  return market.startsWith(simulatedMarkets);
}

function ageWords({ subject }: SimilarQuestion, { timeUs, query, memory }: Asked): readonly string[] {
  if (subject.kind !== 'moment' || subject.timeUs === undefined || timeUs === null) return [];
  const ageUs = subject.timeUs - timeUs;
  if (ageUs <= ageUnsaidUs + (memory?.stateIntervalMs ?? 0) * 1_000) return [];
  return [
    `This is about ${query.symbol ?? 'the market'} as it was ${ageText(ageUs)} before ${isoFromUs(subject.timeUs)}: no newer moment of it is known.`,
  ];
}

function ageText(ageUs: number): string {
  if (ageUs < hourUs) return `${Math.round(ageUs / minuteUs)} min`;
  if (ageUs < 2 * dayUs) return `${(ageUs / hourUs).toFixed(1)} h`;
  const days = Math.round(ageUs / dayUs);
  return days < 730 ? `${days} days` : `${(days / 365.25).toFixed(1)} years`;
}
