// Where this package's own files lie: the rooms are below `src`, and packed below `dist`, where modules are joined to few.
import { readFileSync } from 'node:fs';

/** Read of a module in a room, it would be another place in the package than of what that module is joined to. */
export const ownFiles = new URL('./', import.meta.url);

/** Of the package that this server is. */
export function ownVersion(): string {
  const text = readFileSync(new URL('../package.json', ownFiles), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
