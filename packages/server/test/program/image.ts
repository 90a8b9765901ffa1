// Builds the image of the Dockerfile without an engine: each stage is a folder, each step is done in it.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';

/** What the image is, beside its files. */
export interface Image {
  /** The folder that stands for `/`. */
  root: string;
  workdir: string;
  env: Record<string, string>;
  user: string;
  volumes: string[];
  ports: string[];
  entrypoint: string[];
  healthcheck: string[];
}

interface Step {
  word: string;
  rest: string;
}

/** The files of the repository as the build is given them, and who owns what the image's user owns. */
interface Context {
  repository: string;
  folder: string;
  owner: { uid: number; gid: number };
  stages: Map<string, Image>;
}

const runInShell = promisify(execFile);

/** Does every step of `repository`/Dockerfile below `folder`, and answers the last stage. */
export async function buildImage(
  repository: string,
  folder: string,
  owner: Context['owner'],
): Promise<Image> {
  const context: Context = { repository, folder, owner, stages: new Map() };
  let image: Image | undefined;
  for (const step of readSteps(readFileSync(join(repository, 'Dockerfile'), 'utf8'))) {
    if (step.word === 'FROM') image = startStage(context, step.rest);
    else if (image === undefined) throw new Error(`${step.word} stands before any FROM`);
    else await takeStep(context, image, step);
  }
  if (image === undefined) throw new Error('the Dockerfile has no stage');
  return image;
}

function readSteps(text: string): Step[] {
  const lines = text.replaceAll('\\\n', ' ').split('\n');
  const steps = lines.filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return steps.map((line) => {
    const [, word = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
    return { word, rest };
  });
}

function startStage({ folder, stages }: Context, from: string): Image {
  const [, name = `stage${stages.size}`] = / AS (\S+)$/.exec(from) ?? [];
  const root = join(folder, name);
  mkdirSync(root, { recursive: true });
  const bare = {
    workdir: '/',
    env: {},
    user: 'root',
    volumes: [],
    ports: [],
    entrypoint: [],
    healthcheck: [],
  };
  const image: Image = { root, ...bare };
  stages.set(name, image);
  return image;
}

async function takeStep(context: Context, image: Image, { word, rest }: Step): Promise<void> {
  switch (word) {
    case 'WORKDIR':
      image.workdir = rest;
      mkdirSync(join(image.root, rest), { recursive: true });
      return;
    case 'ENV': {
      const [name = '', value = ''] = rest.split(/=(.*)/s);
      image.env[name] = value;
      return;
    }
    case 'COPY':
      return copy(context, image, rest.split(' '));
    case 'RUN':
      return run(context, image, rest);
    case 'USER':
      image.user = rest;
      return;
    case 'VOLUME':
      image.volumes.push(rest);
      return;
    case 'EXPOSE':
      image.ports.push(...rest.split(' '));
      return;
    case 'ENTRYPOINT':
      image.entrypoint = JSON.parse(rest);
      return;
    case 'HEALTHCHECK':
      image.healthcheck = JSON.parse(rest.slice(rest.indexOf('[')));
      return;
    default:
      throw new Error(`this test does not know ${word}`);
  }
}

/** A folder's contents go into the target, a file under its own name where the target is a folder. */
function copy({ repository, stages }: Context, image: Image, words: string[]): void {
  const from = words[0]?.startsWith('--from=') ? stages.get(words.shift()?.slice(7) ?? '') : undefined;
  const target = words.pop() ?? '';
  const ignored = from === undefined ? dockerignore(repository) : () => false;
  for (const word of words) {
    const source = join(from?.root ?? repository, word);
    const inFolder = target.endsWith('/') && !statSync(source).isDirectory();
    const place = join(image.root, image.workdir, target, inFolder ? basename(word) : '');
    if (ignored(source)) throw new Error(`.dockerignore keeps ${word} out of the build`);
    mkdirSync(dirname(place), { recursive: true });
    cpSync(source, place, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !ignored(path),
    });
  }
}

/** Everything is left out but what a line with `!` lets in. */
function dockerignore(repository: string): (path: string) => boolean {
  const lines = readFileSync(join(repository, '.dockerignore'), 'utf8').trim().split('\n');
  const [first, ...allowed] = lines;
  if (first !== '*' || allowed.some((line) => !/^!\w[\w./-]*$/.test(line))) {
    throw new Error('this test reads a .dockerignore of `*` and lines with `!`');
  }
  return (path) => {
    const name = relative(repository, path);
    return !allowed.some((line) => name === line.slice(1) || name.startsWith(`${line.slice(1)}/`));
  };
}

/** In the shell, with the stage's folder in the place of `/` and the owner in the place of the image's user. */
async function run({ owner }: Context, image: Image, script: string): Promise<void> {
  const own = script
    .replaceAll(/(?<= )\/(?=\w)/g, `${image.root}/`)
    .replaceAll('node:node', `${owner.uid}:${owner.gid}`);
  await runInShell('sh', ['-ec', own], { cwd: join(image.root, image.workdir), env: buildEnv() });
}

/** The tests run below npm, which tells its children whose folder is at work; what it has fetched before it need not fetch again. */
function buildEnv(): NodeJS.ProcessEnv {
  const ofTests = /^(npm_(package|lifecycle|command|config_local_prefix)|INIT_CWD|TILL_|NODE_TEST_)/;
  const kept = Object.entries(process.env).filter(([name]) => !ofTests.test(name));
  return { ...Object.fromEntries(kept), npm_config_prefer_offline: 'true' };
}

/** A value of the image's ENV that names a place in it, as it is on this machine. */
export function placed(image: Image, value: string): string {
  return value.replace(/(?<=^|:)\/(?=\w)/, `${image.root}/`);
}
