import { secondUs } from '@hindcast/contracts';
import type { Feed, FeedWorld } from '../feed.js';
import { originUs } from '../simulator/hour-walk.js';
import { simulatedSymbol } from '../simulator/simulated-symbol.js';
import { simulatorFeed } from '../simulator/simulator-feed.js';
import type { FeedConfig, SimulatorConfig } from './feeds-config.js';

/** A feed as its configuration asks for; nothing is opened before it is read. */
export function createFeed(config: FeedConfig, world: FeedWorld): Feed {
  return simulatorOf(config, world);
}

function simulatorOf({ symbols, historySeconds, ...config }: SimulatorConfig, world: FeedWorld): Feed {
  const nowUs = Math.floor(world.clock.nowUs() / secondUs) * secondUs;
  const fromUs = Math.max(originUs, nowUs - historySeconds * secondUs);
  return simulatorFeed({ ...config, symbols: symbols.map(simulatedSymbol), fromUs }, world);
}
