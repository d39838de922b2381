// Runs one row in a process of its own, so that rows share neither heap nor compiled code.
import { withVerdict } from './table.mjs';

const [name, ...flags] = process.argv.slice(2);
const { run } = await import(new URL(`./rows/${name}.mjs`, import.meta.url));
const results = (await run({ quick: flags.includes('--quick') })).map(withVerdict);
if (process.send === undefined) {
  console.log(results);
  process.exit(0);
}
process.send(results, () => process.exit(0));
