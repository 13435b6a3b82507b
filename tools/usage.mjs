/** What a tool says of itself: the comment at its head is its usage, so that there is one text and not two. */
import { readFileSync } from 'node:fs';

/** @param {string} url of the tool's own module, as in `import.meta.url` */
export function usageOf(url) {
  const [, text] = /^\/\*\*(.*?)\*\//s.exec(readFileSync(new URL(url), 'utf8')) ?? [];
  if (text === undefined) throw new Error(`${url} has no comment at its head`);
  return text
    .split('\n')
    .map((line) => line.replace(/^ \* ?/, ''))
    .join('\n')
    .trim();
}

/**
 * What `read` makes of the arguments. Ends the tool where help is asked for, and where they are wrong: with one line and no stack.
 * @template Options
 * @param {string} url of the tool's own module
 * @param {() => Options} read
 */
export function readArguments(url, read) {
  if (process.argv.slice(2).some((word) => word === '--help' || word === '-h')) {
    console.log(usageOf(url));
    process.exit(0);
  }
  try {
    return read();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n--help says what there is`);
    process.exit(2);
  }
}
