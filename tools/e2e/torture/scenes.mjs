/** Every scene, in the order in which a full run plays them. */
import { questDbAway, questDbAwayLogFull, redisAway } from './scenes/away.mjs';
import { clockSetBack } from './scenes/clock.mjs';
import { diskFull } from './scenes/disk-full.mjs';
import { followerCutOff, followerStalled } from './scenes/stalled-follower.mjs';

export const scenes = Object.freeze([redisAway, questDbAway, questDbAwayLogFull, followerStalled, followerCutOff, clockSetBack, diskFull]);
