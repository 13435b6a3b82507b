/** @jest-environment-options {"customExportConditions": ["@hindcast/source", "node"]} */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { momentStoreConformance } from '@hindcast/testing';
import { LanceMomentStore } from './lance-moment-store.js';

momentStoreConformance('LanceMomentStore', async () => {
  const uri = await mkdtemp(path.join(tmpdir(), 'hindcast-moments-'));
  return {
    store: await LanceMomentStore.open({ uri }),
    reopen: () => LanceMomentStore.open({ uri }),
    remove: () => rm(uri, { recursive: true }),
  };
});
