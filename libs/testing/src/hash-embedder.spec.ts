import { embedderConformance } from './embedder-conformance.js';
import { HashEmbedder } from './hash-embedder.js';

embedderConformance('HashEmbedder', async () => new HashEmbedder());
