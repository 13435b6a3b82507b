import { ClockSkew } from './clock-skew.js';

describe("a source's clock", () => {
  it('is unknown until something tells', () => {
    const skew = new ClockSkew();
    expect(skew.us).toBeUndefined();
    skew.observe(1_000, 2_000);
    expect(skew.us).toBeUndefined();
    expect(skew.sourceTimeUs(5_000)).toBe(5_000);
  });

  it('is ahead at least as far as a tick from the future', () => {
    const skew = new ClockSkew();
    skew.observe(9_000, 2_000);
    expect(skew.us).toBe(7_000);
  });

  it('is read off the question with the shortest way', () => {
    const skew = new ClockSkew();
    skew.sample({ sentUs: 0, receivedUs: 100_000, serverUs: 2_090_000 });
    skew.sample({ sentUs: 200_000, receivedUs: 210_000, serverUs: 2_205_000 });
    skew.sample({ sentUs: 300_000, receivedUs: 390_000, serverUs: 2_310_000 });
    expect(skew.us).toBe(2_000_000);
    expect(skew.sourceTimeUs(500_000)).toBe(2_500_000);
  });

  it('forgets old questions', () => {
    const skew = new ClockSkew();
    skew.sample({ sentUs: 0, receivedUs: 2, serverUs: 1_000_001 });
    for (let turn = 0; turn < 8; turn++) skew.sample({ sentUs: 1_000, receivedUs: 1_100, serverUs: 3_001_050 });
    expect(skew.us).toBe(3_000_000);
  });
});
