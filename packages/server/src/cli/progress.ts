// A line now and then on standard error while something takes long.

const everyMs = process.stderr.isTTY ? 1_000 : 10_000;

/** Tells `describe()` on standard error, at most once a second to a person and every ten seconds to a file. */
export function progress(): (describe: () => string) => void {
  let toldAt = Date.now();
  return (describe) => {
    if (Date.now() - toldAt < everyMs) return;
    toldAt = Date.now();
    process.stderr.write(`till: ${describe()}\n`);
  };
}
