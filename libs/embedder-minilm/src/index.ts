/**
 * all-MiniLM-L6-v2 through transformers and onnxruntime, in a worker thread: sentences in, unit vectors out.
 * It leaves to others where the model comes from (tools/model) and what the sentences say (embedding).
 */
export { MiniLmEmbedder, batchSizeMax, type MiniLmEmbedderOptions } from './minilm-embedder.js';
