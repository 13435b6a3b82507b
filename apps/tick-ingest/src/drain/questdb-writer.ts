import { QuestDbTickStore } from '@hindcast/store-questdb';
import type { StoreAddress, ThreadWriter } from './drain-in-thread.js';

interface QuestDbSettings {
  readonly url: string;
}

/** QuestDB for a thread: it opens connections of its own. */
export function questDbAddress(settings: QuestDbSettings): StoreAddress {
  return { module: import.meta.url, settings };
}

export async function openWriter(settings: QuestDbSettings): Promise<ThreadWriter> {
  return new QuestDbTickStore(settings);
}
