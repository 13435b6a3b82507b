import { isoFromUs, type HorizonSkillDto, type MemorySkillDto, type SkillDto } from '@hindcast/contracts';
import { skillWords, type HorizonSkill, type MemorySkill } from '@hindcast/memory';
import type { StoredMemory } from '@hindcast/ports';

/** So many moments later than what was measured, as a share of that, are worth a sentence. */
const unmeasuredShareSaid = 0.1;

/** `later`: moments that came after what was measured. */
export function skillReport({ definition: { id, skill }, inUse }: StoredMemory, later: number): SkillDto {
  const isOld = skill !== null && later > 0 && later >= unmeasuredShareSaid * skill.moments;
  return {
    memory: id,
    in_use: inUse,
    skill: skill && memorySkill(skill),
    instruments: (skill?.byInstrument ?? []).map(({ market, symbol, byHorizon }) => ({
      market,
      symbol,
      by_horizon: horizonSkills(byHorizon),
    })),
    words: [
      ...skillWords(skill),
      ...(isOld
        ? [`${later} moments since ${isoFromUs(skill.toUs)} are not part of that: \`npx hindcast memory build ${id}\` measures it anew.`]
        : []),
    ],
  };
}

export function memorySkill({ fromUs, toUs, days, moments, byHorizon }: MemorySkill): MemorySkillDto {
  return { from: isoFromUs(fromUs), to: isoFromUs(toUs), days, moments, by_horizon: horizonSkills(byHorizon) };
}

function horizonSkills(byHorizon: MemorySkill['byHorizon']): Readonly<Record<string, HorizonSkillDto>> {
  return Object.fromEntries(Object.entries(byHorizon).map(([id, skill]) => [id, horizonSkill(skill)]));
}

function horizonSkill({
  volatility,
  volatilityOfHar,
  coverage,
  direction,
  directionOfUsual,
  directionPValue,
}: HorizonSkill): HorizonSkillDto {
  return {
    volatility,
    volatility_of_har: volatilityOfHar,
    coverage,
    direction,
    direction_of_usual: directionOfUsual,
    direction_p_value: directionPValue,
  };
}
