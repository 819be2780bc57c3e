// Makes a component of app.js: `node build.mjs OUT.wasm`. `insula build` runs this.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { componentize } from '@bytecodealliance/componentize-js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { component } = await componentize({ sourcePath: here('app.js'), witPath: here('wit'), worldName: 'app' });
await writeFile(process.argv[2], component);
