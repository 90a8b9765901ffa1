// What `postpack` of a package runs, in its folder: the manifest leads to the sources again.
import { writeManifest } from './manifest.ts';

writeManifest(process.cwd(), 'repository');
