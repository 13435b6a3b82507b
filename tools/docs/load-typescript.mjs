import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

/**
 * From here on `import()` takes this repository's TypeScript as it stands, decorators included, so that what the code says
 * at run time can be read without a build. Tests have the same from jest.
 */
const ownPackage = /^@hindcast\/[\w-]+$/;
const compile = {
  jsc: {
    target: 'es2024',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  },
  module: { type: 'es6' },
};

export function loadTypeScript() {
  registerHooks({ resolve, load });
}

/** A package's sources instead of its build, and `./x.js` as the `x.ts` that it is made from. */
function resolve(specifier, context, nextResolve) {
  if (ownPackage.test(specifier)) return nextResolve(specifier, { ...context, conditions: ['@hindcast/source', ...context.conditions] });
  if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts')) {
    const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(source)) return nextResolve(source.href, context);
  }
  return nextResolve(specifier, context);
}

function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context);
  const file = fileURLToPath(url);
  const { code } = transformSync(readFileSync(file, 'utf8'), { ...compile, filename: file, configFile: false, swcrc: false });
  return { format: 'module', source: code, shortCircuit: true };
}
