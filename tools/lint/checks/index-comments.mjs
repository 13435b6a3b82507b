/** Each library opens by saying what it is for and what it leaves to others. */
export const name = 'opening comments';

const fewestLetters = 80;

export function check(tree) {
  return tree.files
    .filter((file) => /^libs\/[^/]+\/src\/index\.ts$/.test(file))
    .filter((file) => (/^\/\*\*(.*?)\*\//s.exec(tree.read(file))?.[1] ?? '').replace(/[\s*]+/g, ' ').length < fewestLetters)
    .map((file) => ({ file, line: 1, message: 'opens without a comment on what the library is for and what it leaves to others' }));
}
