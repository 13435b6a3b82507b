import { readFile } from 'node:fs/promises';
import { HindcastError, type AgentStateDto, type TradeSignal } from '@hindcast/contracts';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { findServices } from '../services.js';
import type { Terminal } from '../terminal.js';

export interface SignalOptions {
  readonly symbol: string;
  readonly side: string;
  readonly confidence: string;
  readonly at?: string;
  readonly agent?: string;
}

export interface AgentOptions {
  readonly id: string;
}

export interface PutAgentOptions extends AgentOptions {
  readonly state?: string;
  readonly file?: string;
}

export async function sendSignal(options: SignalOptions, { json, print, note }: Terminal): Promise<ExitCode> {
  const request = signalRequest(options);
  const services = await findServices({ note });
  const signal = await services.publishSignal(request);
  print(json ? JSON.stringify(signal) : signalText(signal));
  return exitCodes.ok;
}

export async function getAgent({ id }: AgentOptions, { json, print, note }: Terminal): Promise<ExitCode> {
  const services = await findServices({ note });
  const kept = await services.agentState(id);
  print(json ? JSON.stringify(kept) : agentText(kept));
  return exitCodes.ok;
}

export async function putAgent({ id, ...source }: PutAgentOptions, { json, print, note }: Terminal): Promise<ExitCode> {
  const state = await stateOf(source);
  const services = await findServices({ note });
  const kept = await services.putAgentState(id, state);
  print(json ? JSON.stringify(kept) : agentText(kept));
  return exitCodes.ok;
}

/** The service says what is wrong with it; only what it could not say of a text is said here. */
export function signalRequest({ symbol, side, confidence, at, agent }: SignalOptions): object {
  if (confidence.trim() === '' || !Number.isFinite(Number(confidence)))
    throw new HindcastError('FIELD_INVALID', `--confidence ${confidence}: allowed is a number from 0 to 1.`);
  return {
    symbol: symbol.toUpperCase(),
    side: side.toUpperCase(),
    confidence: Number(confidence),
    ...(at === undefined ? {} : { timestamp: at }),
    ...(agent === undefined ? {} : { agent_id: agent }),
  };
}

export async function stateOf({ state, file }: Omit<PutAgentOptions, 'id'>): Promise<unknown> {
  if ((state === undefined) === (file === undefined)) throw new HindcastError('FIELD_INVALID', 'Give the state by --state or by --file.');
  const text = file === undefined ? (state ?? '') : await textOf(file);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new HindcastError('FIELD_INVALID', `The state is not JSON: ${(cause as Error).message}.`, { cause });
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new HindcastError('FIELD_INVALID', `--file ${file} cannot be read: ${(cause as Error).message}.`, { cause });
  }
}

export function signalText({ symbol, side, confidence, timestamp, agent_id: agent }: TradeSignal): string {
  return `published: ${side} ${symbol}, confidence ${confidence}, ${timestamp}${agent === undefined ? '' : `, by ${agent}`}`;
}

export function agentText({ agent_id: agent, ttl_seconds: seconds, state }: AgentStateDto): string {
  return [`${agent}, kept ${seconds === null ? 'for ever' : `for ${seconds} s`}`, JSON.stringify(state, null, 2)].join('\n');
}
