import { auditOf, problemsOf } from './run.mjs';

const cause = {
  source: 1097,
  name: 'fast-thing',
  severity: 'high',
  title: 'Fast Thing hangs',
  url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
};
const report = {
  vulnerabilities: {
    'fast-thing': { via: [cause] },
    // What depends on it is listed too, with the name of the culprit.
    wrapper: { via: ['fast-thing', cause] },
  },
};

describe('npm audit', () => {
  it('finds each advisory once, under the id that people know', () => {
    expect(auditOf(JSON.stringify(report), '')).toEqual({
      advisories: [{ id: 'GHSA-aaaa-bbbb-cccc', package: 'fast-thing', severity: 'high', title: cause.title, url: cause.url }],
    });
    expect(auditOf('{"vulnerabilities":{}}', '')).toEqual({ advisories: [] });
  });

  it('is skipped, with the reason, where the registry has no advisories', () => {
    const complaint = 'npm warn audit 405 Method Not Allowed - POST /advisories/bulk\nnpm error audit endpoint returned an error\n';
    for (const output of ['', 'nonsense', '{"message":"405 Method Not Allowed"}']) {
      expect(auditOf(output, complaint)).toEqual({ skipped: expect.stringContaining('405 Method Not Allowed') });
    }
    expect(auditOf('', '')).toEqual({ skipped: expect.stringContaining('no answer') });
  });

  it('fails for what nobody has accepted, and for what is accepted in vain', () => {
    const { advisories } = auditOf(JSON.stringify(report), '');
    expect(problemsOf(advisories, {})).toEqual([expect.stringMatching(/^fast-thing: high: Fast Thing hangs \(GHSA-aaaa-bbbb-cccc/)]);
    expect(problemsOf(advisories, { 'GHSA-aaaa-bbbb-cccc': 'We never call it.' })).toEqual([]);
    expect(problemsOf([], { 'GHSA-aaaa-bbbb-cccc': 'We never call it.' })).toEqual([expect.stringContaining('take it off the list')]);
  });
});
