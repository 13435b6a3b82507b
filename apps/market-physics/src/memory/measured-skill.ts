import { dayUs } from '@hindcast/contracts';
import { skillDaysMax, type MemoryDefinition, type MemorySkill } from '@hindcast/memory';
import type { MomentStore } from '@hindcast/ports';
import type { MomentFolder } from './moment-folder.js';

/** Days of the calendar in which the newest sessions lie that a skill is measured on, holidays included. */
const calendarDays = 1.5 * skillDaysMax;
/** A sample of more moments says no more, and takes memory. */
const momentsMax = 50_000;

/** What a memory is worth on its newest days; null where fewer than two are stored. */
export async function measuredSkill(
  { id, signature }: MemoryDefinition,
  { moments, folder }: { readonly moments: MomentStore; readonly folder: MomentFolder },
): Promise<MemorySkill | null> {
  const newestUs = (await moments.spans(id)).reduce((newest, { toUs }) => Math.max(newest, toUs), -Infinity);
  if (newestUs === -Infinity) return null;
  const filter = { fromUs: newestUs - calendarDays * dayUs };
  const drawBelow = momentsMax / Math.max(momentsMax, await moments.count(id, filter));
  const sample = await moments.moments(id, { ...filter, drawBelow });
  const skill = await folder.measure(sample.parts(), signature);
  return skill.days > 0 ? skill : null;
}
