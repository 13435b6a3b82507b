/**
 * What is embedded of a physics state: when one is due, its sentence, its metadata. Turning sentences into vectors and
 * keeping them is for the embedder and the vector store.
 */
export * from './embedding-due.js';
export * from './embedding-metadata.js';
export { features, levelOf, levels, sentence, templateId } from './sentence.js';
