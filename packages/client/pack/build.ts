// What `prepack` of the client runs: built like the others, without the tables' sentences, which its declarations have instead.
import { dirname } from 'node:path';
import { controlOperations } from '@till/protocol/control';
import { build } from '../../../packing/build.ts';
import { withMethods } from './control-methods.ts';
import { withoutWords } from './without-words.ts';

await build(dirname(import.meta.dirname), {
  plugins: [withoutWords],
  // the control client's methods are rows and no class: what an editor shows at each is made from its row
  declare: (name, text) => (name === 'control.d.ts' ? withMethods(text, controlOperations) : text),
});
