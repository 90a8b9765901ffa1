// The commands that documents tell people to paste, and the shell that runs them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** All ```bash blocks of a document, one after the other, for a program that listens at `url`. */
export function commandsOf(document: string, url: string): string {
  const blocks = [...document.matchAll(/```bash\n([\s\S]*?)```/g)].map(([, block]) => block);
  assert.ok(blocks.length >= 5, 'the document has commands');
  return blocks.join('\n').replaceAll('127.0.0.1:7575', new URL(url).host);
}

/** Runs a script that must succeed, and answers what it printed. */
export async function shell(script: string): Promise<string> {
  const child = spawn('bash', ['-euo', 'pipefail'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text;
  });
  child.stdin.end(script);
  const [code] = await once(child, 'close');
  assert.equal(code, 0, out);
  return out;
}

/** The lines that were printed, each a JSON of its own; an answer without a body printed an empty one. */
// biome-ignore lint/suspicious/noExplicitAny: answers of many operations, looked into by who knows them
export function answers(out: string): any[] {
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
