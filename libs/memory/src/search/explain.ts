import { signatureNames, type SignatureComponentName } from '../signature/components.js';
import { deviationsMax, type SignatureVersion } from '../signature/signature-version.js';

/** Raw components, `signatureNames` long; bits of the mask are set where one has no value. */
export interface RawSignature {
  readonly values: ArrayLike<number>;
  readonly mask: number;
}

/** What one component did to a distance. */
export interface ComponentShare {
  readonly component: SignatureComponentName;
  /** Null where it is masked: it then counts as the mean of the past. */
  readonly query: number | null;
  readonly neighbour: number | null;
  /** Neighbour less query in deviations of the past, before weighting. */
  readonly difference: number;
  /** Of the squared distance, 0 to 1; 0 throughout where the two are the same. */
  readonly share: number;
  readonly masked: boolean;
}

/** Why two moments are as near to each other as they are: every component that counts, the ones that set them apart first. */
export function explain({ weights, scaler }: SignatureVersion, query: RawSignature, neighbour: RawSignature): readonly ComponentShare[] {
  const isMasked = ({ mask }: RawSignature, component: number): boolean => ((mask >>> component) & 1) === 1;
  const deviations = (moment: RawSignature, component: number): number => {
    if (isMasked(moment, component)) return 0;
    const distance = (moment.values[component] - scaler.mean[component]) / scaler.deviation[component];
    return Math.max(-deviationsMax, Math.min(deviationsMax, distance));
  };
  const used = weights.flatMap((weight, component) => {
    if (!(weight > 0)) return [];
    const difference = deviations(neighbour, component) - deviations(query, component);
    return [{ component, difference, squared: (weight * difference) ** 2 }];
  });
  const total = used.reduce((sum, { squared }) => sum + squared, 0);
  return used
    .sort((one, other) => other.squared - one.squared || one.component - other.component)
    .map(({ component, difference, squared }) => ({
      component: signatureNames[component],
      query: isMasked(query, component) ? null : query.values[component],
      neighbour: isMasked(neighbour, component) ? null : neighbour.values[component],
      difference,
      share: total > 0 ? squared / total : 0,
      masked: isMasked(query, component) || isMasked(neighbour, component),
    }));
}
