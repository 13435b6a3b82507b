import fc from 'fast-check';
import type { PhysicsState } from '@hindcast/physics';
import { features, levelOf, levels, sentence, templateId } from './sentence.js';

const state: PhysicsState = {
  market: 'usa/equity',
  symbol: 'SPY',
  timeUs: 1_381_152_600_000_000,
  mass: 0.42,
  velocity: 2.5,
  momentum: -0.4,
  friction: 0.999,
  entropy: 0.35,
  nashDistance: 0,
  alphaCoefficient: 2.8,
  regime: 'Gaussian',
  price: 168.25,
  volume: 12_345,
  signedVolume: -45,
  trades: 67,
};

/** What the model reads at most; [CLS] and [SEP] take two. */
const tokensMax = 128;

const share = fc.integer({ min: 0, max: 1_000 }).map((permille) => permille / 1_000);

const anyState: fc.Arbitrary<PhysicsState> = fc
  .record({
    mass: share,
    momentum: fc.integer({ min: -2_000, max: 2_000 }).map((milli) => milli / 1_000),
    friction: share,
    entropy: share,
    nashDistance: share,
    alphaCoefficient: fc.option(fc.integer({ min: 50, max: 1_000 }).map((hundredths) => hundredths / 100)),
    regime: fc.constantFrom('Gaussian', 'Lévy Stable', 'Critical', 'WAIT'),
  })
  .map((values) => ({ ...state, ...values }));

describe('the sentence of a state', () => {
  it('is its template, to the letter: a change of either is a new template id', () => {
    expect(templateId).toBe('unary-8@1');
    expect(sentence(state)).toBe(
      'busy busy busy quiet quiet quiet quiet quiet ' +
        'rising falling falling falling falling falling falling falling ' +
        'rough rough rough rough rough rough rough rough ' +
        'random random random random regular regular regular regular ' +
        'far near near near near near near near ' +
        'calm calm calm wild wild wild wild wild normal',
    );
  });

  it('names the regime, and says nothing of symbol, market or time', () => {
    expect(sentence({ ...state, regime: 'Lévy Stable' })).toMatch(/ levy$/);
    expect(sentence({ ...state, regime: 'Critical' })).toMatch(/ critical$/);
    const elsewhere: PhysicsState = { ...state, symbol: 'BAC', market: 'x/y', timeUs: 0, price: 1 };
    expect(sentence(elsewhere)).toBe(sentence(state));
  });

  it('leaves alpha out where there is none', () => {
    const waiting = sentence({ ...state, alphaCoefficient: null, regime: 'WAIT' });
    expect(waiting).not.toMatch(/calm|wild/);
    expect(waiting).toMatch(/ waiting$/);
  });

  it('is bounded: a word is a token', () => {
    fc.assert(
      fc.property(anyState, (any) => {
        expect(sentence(any).split(' ').length + 2).toBeLessThan(tokensMax);
        expect(sentence(any)).toMatch(/^[a-z ]+$/);
      }),
    );
  });

  it('counts a feature up with its value, and tells features apart by their words', () => {
    const words = features.flatMap(({ high, low }) => [high, low]);
    expect(new Set(words).size).toBe(words.length);
    fc.assert(
      fc.property(anyState, fc.constantFrom(...features), (any, { name, high, cuts }) => {
        const value = any[name];
        if (value === null) return;
        const said = sentence(any)
          .split(' ')
          .filter((word) => word === high).length;
        expect(said).toBe(1 + cuts.filter((cut) => cut <= value).length);
      }),
    );
  });
});

describe('levels', () => {
  it.each(features.map((feature) => [feature.name, feature] as const))(
    'of %s have ascending cuts, one fewer than levels',
    (_, { cuts }) => {
      expect(cuts).toHaveLength(levels - 1);
      expect([...cuts].sort((a, b) => a - b)).toEqual(cuts);
      expect(new Set(cuts).size).toBe(cuts.length);
    },
  );

  it('begin at their cut', () => {
    expect([-1, 0, 0.5, 1, 9].map((value) => levelOf([0, 1], value))).toEqual([1, 2, 2, 3, 3]);
  });

  it('of momentum mirror each other', () => {
    const { cuts } = features.find(({ name }) => name === 'momentum')!;
    expect(cuts.map((cut) => 0 - cut).reverse()).toEqual(cuts);
  });
});
