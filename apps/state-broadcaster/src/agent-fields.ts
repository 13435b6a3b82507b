import { z } from 'zod';

const agentIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export const agentIdField = z.string().regex(agentIdPattern).describe('an agent id, [A-Za-z0-9][A-Za-z0-9._-]{0,63}');
export const signalSideField = z.enum(['BUY', 'SELL']).describe('BUY or SELL');
