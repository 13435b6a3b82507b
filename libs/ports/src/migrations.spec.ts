import { migrationStatus, pendingMigrations } from './migrations.js';

const first = { name: '001_first.sql', sha256: 'aa' };
const second = { name: '002_second.sql', sha256: 'bb' };
const third = { name: '003_third.sql', sha256: 'cc' };
const appliedAtUs = 1_700_000_000_000_123;

describe('migrationStatus', () => {
  it('says of every file and every record where it stands, in order', () => {
    const applied = [
      { ...third, appliedAtUs },
      { ...first, appliedAtUs },
    ];
    expect(migrationStatus([{ ...first, sha256: 'other' }, second], applied)).toEqual([
      { name: first.name, state: 'changed', appliedAtUs },
      { name: second.name, state: 'pending' },
      { name: third.name, state: 'lost', appliedAtUs },
    ]);
  });

  it('says nothing of a time that the store does not keep', () => {
    expect(migrationStatus([first], [first])).toStrictEqual([{ name: first.name, state: 'applied' }]);
  });

  it('holds a file against its later record', () => {
    const applied = [
      { ...first, sha256: 'before', appliedAtUs: 1 },
      { ...first, appliedAtUs },
    ];
    expect(migrationStatus([first], applied)).toEqual([{ name: first.name, state: 'applied', appliedAtUs }]);
  });
});

describe('pendingMigrations', () => {
  it('gives the files that have no record, in order and whole', () => {
    const statements = ['CREATE TABLE'];
    expect(pendingMigrations([{ ...third, statements }, second, first], [first])).toEqual([second, { ...third, statements }]);
    expect(pendingMigrations([first, second], [first, second])).toEqual([]);
  });

  it('refuses where an applied file was changed or is gone, and names each', () => {
    const plan = () => pendingMigrations([{ ...first, sha256: 'other' }, third], [first, second]);
    expect(plan).toThrow(expect.objectContaining({ code: 'STORE_REFUSED' }));
    expect(plan).toThrow('no longer what was applied: 001_first.sql (changed), 002_second.sql (lost).');
  });
});
