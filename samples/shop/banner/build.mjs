// Makes a component of banner.js: `node build.mjs banner.wasm`.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { componentize } from '@bytecodealliance/componentize-js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { component } = await componentize({
  sourcePath: here('banner.js'),
  witPath: here('../wit'),
  worldName: 'hello',
});
await writeFile(process.argv[2], component);
