import { routeSettings } from '../route-settings.js';
import type { NeededRight } from './rights.js';

/**
 * States the right that a route needs, where it is not the usual one: `read` for GET and HEAD, `write` for every other
 * method. The door checks it before it reads the body.
 */
export const Needs = (right: NeededRight): MethodDecorator => routeSettings({ right });
