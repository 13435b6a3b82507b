import { crc32 } from 'node:zlib';

/** A zip with one file, stored as it is: enough of the format for a reader that checks it. */
export function zipOf(name: string, text: string): Buffer {
  const content = Buffer.from(text, 'latin1');
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  for (const [header, at] of [
    [local, 14],
    [central, 16],
  ] as const) {
    header.writeUInt32LE(crc32(content), at);
    header.writeUInt32LE(content.length, at + 4);
    header.writeUInt32LE(content.length, at + 8);
    header.writeUInt16LE(name.length, at + 12);
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length + name.length, 12);
  end.writeUInt32LE(local.length + name.length + content.length, 16);
  return Buffer.concat([local, Buffer.from(name), content, central, Buffer.from(name), end]);
}
