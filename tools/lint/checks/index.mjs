import * as composeFile from './compose-file.mjs';
import * as composeServices from './compose-services.mjs';
import * as dependencies from './dependencies.mjs';
import * as documents from './documents.mjs';
import * as fileNames from './file-names.mjs';
import * as imageRecipe from './image-recipe.mjs';
import * as indexComments from './index-comments.mjs';
import * as packageManifests from './package-manifests.mjs';
import * as plainWords from './plain-words.mjs';
import * as serverVersions from './server-versions.mjs';

/** House-style rules that a script can check; each has a name and a pure `check(tree)`. */
export const checks = [
  fileNames,
  plainWords,
  indexComments,
  packageManifests,
  documents,
  composeFile,
  composeServices,
  dependencies,
  imageRecipe,
  serverVersions,
];
