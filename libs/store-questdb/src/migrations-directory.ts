import { fileURLToPath } from 'node:url';

/** Where the product's own migrations lie, from `src/` and `dist/` alike. */
export const migrationsDirectory = fileURLToPath(new URL('../../../migrations/questdb', import.meta.url));
