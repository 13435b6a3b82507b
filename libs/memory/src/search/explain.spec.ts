import { componentIndex, signatureNames, signatureSize } from '../signature/components.js';
import { defaultWeights, standardised, weightsOf, type SignatureVersion } from '../signature/signature-version.js';
import { explain } from './explain.js';
import { fusedRanks } from './rank-fusion.js';

const version: SignatureVersion = {
  id: 'test',
  components: signatureNames,
  weights: weightsOf({ ...defaultWeights, noise_ratio: 0.5 }),
  scaler: {
    fittedFromUs: 0,
    fittedToUs: 1,
    rows: 2,
    mean: signatureNames.map((_, i) => i / 10),
    deviation: signatureNames.map((_, i) => 1 + i / 5),
  },
};
const query = { values: Float32Array.from({ length: signatureSize }, (_, i) => Math.sin(i)), mask: 0 };
const neighbour = {
  values: Float32Array.from({ length: signatureSize }, (_, i) => Math.cos(3 * i)),
  mask: 1 << componentIndex('volatility_yesterday'),
};

describe('what made a neighbour alike', () => {
  const shares = explain(version, query, neighbour);

  it('is told of every component that counts, and adds up to the distance', () => {
    expect(shares.map(({ component }) => component).sort()).toEqual(Object.keys(defaultWeights).sort());
    expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
    const { vectors, size } = standardised(version, {
      length: 2,
      values: Float32Array.from([...query.values, ...neighbour.values]),
      mask: Uint32Array.from([query.mask, neighbour.mask]),
    });
    const squared = Array.from({ length: size }, (_, i) => (vectors[i] - vectors[size + i]) ** 2).reduce((sum, value) => sum + value, 0);
    const weightOf = (component: string): number => (component === 'noise_ratio' ? 0.5 : 1);
    expect(shares.reduce((sum, { component, difference }) => sum + (weightOf(component) * difference) ** 2, 0)).toBeCloseTo(squared, 5);
    expect(shares.map(({ share }) => share)).toEqual(shares.map(({ share }) => share).sort((one, other) => other - one));
  });

  it('shows what was masked, and takes it for the mean of the past', () => {
    expect(shares.find(({ component }) => component === 'volatility_yesterday')).toMatchObject({ neighbour: null, masked: true });
    expect(shares.filter(({ masked }) => masked)).toHaveLength(1);
  });

  it('is nothing where two moments are the same', () => {
    expect(explain(version, query, query).every(({ share, difference }) => share === 0 && difference === 0)).toBe(true);
  });
});

describe('the fusion of ranks', () => {
  it('sums what each rank is worth, and keeps the order of the first ranking where sums are equal', () => {
    const fused = fusedRanks([
      ['a', 'b', 'c'],
      ['c', 'd', 'a'],
    ]);
    expect(fused.map(({ key }) => key)).toEqual(['a', 'c', 'b', 'd']);
    expect(fused[0].score).toBeCloseTo(1 / 61 + 1 / 63, 15);
    expect(fused[3].score).toBeCloseTo(1 / 62, 15);
    expect(fusedRanks([])).toEqual([]);
  });
});
