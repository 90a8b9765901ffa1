#!/usr/bin/env node
// Starts Till, or says in one line that this Node is too old: it could not even read the sources.
import { existsSync } from 'node:fs';
import * as modules from 'node:module';

const { enableCompileCache } = modules;
const oldestNode = 24;
const major = Number(process.versions.node.split('.')[0]);

if (major < oldestNode) {
  console.error(
    `till: needs Node ${oldestNode} or later, this is ${process.versions.node}. \`npm start\` brings its own.`,
  );
  process.exitCode = 1;
} else {
  // the sources are stripped of their types once and kept, so that the next start is quicker
  enableCompileCache?.();
  // a packed Till has no sources
  const packed = !existsSync(new URL('../src/main.ts', import.meta.url));
  const loaded = packed ? import('../dist/main.js') : import('../src/main.ts');
  loaded.then((program) => program.main(process.argv.slice(2)));
}
