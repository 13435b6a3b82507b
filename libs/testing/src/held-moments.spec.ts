import { HeldMoments } from './held-moments.js';
import { momentStoreConformance } from './moment-store-conformance.js';

momentStoreConformance('HeldMoments', async () => ({ store: new HeldMoments(), remove: async () => undefined }));
