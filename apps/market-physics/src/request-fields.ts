import { isMarket, isSymbol } from '@hindcast/market';
import { z } from 'zod';

export const symbolField = z.string().refine(isSymbol).describe('a symbol: [A-Z0-9][A-Z0-9.:-]{0,31}');
export const marketField = z.string().refine(isMarket).describe('a market, as usa/equity');
