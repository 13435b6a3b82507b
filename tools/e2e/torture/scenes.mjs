/** Every scene, in the order in which a full run plays them. */
import { questDbAway, questDbAwayLogFull, redisAway } from './scenes/away.mjs';
import { clockSetBack } from './scenes/clock.mjs';
import { diskFull } from './scenes/disk-full.mjs';
import { lostScenes } from './scenes/lost.mjs';
import { followerCutOff, followerStalled } from './scenes/stalled-follower.mjs';
import { tableScenes } from './scenes/tables.mjs';

export const scenes = Object.freeze([
  redisAway,
  questDbAway,
  questDbAwayLogFull,
  followerStalled,
  followerCutOff,
  clockSetBack,
  diskFull,
  ...tableScenes,
  ...lostScenes,
]);
