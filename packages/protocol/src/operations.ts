// The server API: one row for each operation of each generation. Everything else is derived from here.
import { v5 } from './operations-v5.ts';
import { v6 } from './operations-v6.ts';
import { v7 } from './operations-v7.ts';

export const operations = { v7, v6, v5 } as const;
