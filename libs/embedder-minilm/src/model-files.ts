import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { HindcastError } from '@hindcast/contracts';

/** Under the model's directory, as transformers looks for them. */
export const modelName = 'minilm';
const weightsFile = 'onnx/model_quantized.onnx';
/** Without tokenizer_config.json the library loads and then fails with "tokenizer is not a function". */
const otherFiles = ['config.json', 'tokenizer.json', 'tokenizer_config.json'];

/**
 * Name and file hash of the model in `directory`. Hashing 22 MB takes some 20 ms: the name of a vector's maker is what
 * was loaded, not what was meant to be. Throws MODEL_MISSING where a file is not there.
 */
export async function modelIdOf(directory: string): Promise<string> {
  const folder = path.join(directory, modelName);
  try {
    await Promise.all(otherFiles.map((file) => readFile(path.join(folder, file))));
    const weights = await readFile(path.join(folder, weightsFile));
    return `all-MiniLM-L6-v2@${createHash('sha256').update(weights).digest('hex').slice(0, 12)}`;
  } catch (cause) {
    throw new HindcastError('MODEL_MISSING', `The embedding model is not in ${folder}: run \`npm run setup\`, then start again.`, {
      cause,
    });
  }
}
