// Runs one row in a process of its own, so that rows share neither heap nor compiled code.
const [file, ...flags] = process.argv.slice(2);
const { run } = await import(new URL(`./rows/${file}`, import.meta.url));
const results = await run({ quick: flags.includes('--quick') });
if (process.send === undefined) {
  console.log(results);
  process.exit(0);
} else {
  process.send(results, () => process.exit(0));
}
