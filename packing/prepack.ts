// What `prepack` of a package runs, in its folder; its arguments are the modules that are started by their path.
import { build } from './build.ts';

await build(process.cwd(), { started: process.argv.slice(2) });
