import { existsSync } from 'node:fs';
import { Undo } from './undo.mjs';

describe('what a bench made', () => {
  it('is undone once, in the reverse order, parts included', async () => {
    const order = [];
    const undo = new Undo();
    undo.add(() => order.push('first'));
    const part = undo.child();
    part.add(() => order.push('part'));
    undo.add(async () => order.push('last'));
    await undo.all();
    await part.all();
    await undo.all();
    expect(order).toEqual(['last', 'part', 'first']);
  });

  it('is undone although a step fails', async () => {
    const undo = new Undo();
    const folder = undo.folder();
    undo.add(() => {
      throw new Error('no such process');
    });
    await expect(undo.all()).rejects.toThrow('1 steps could not be undone');
    expect(existsSync(folder)).toBe(false);
  });
});
