import { randomBytes } from 'node:crypto';
import { constantTimeEqual } from '../../packages/core/dist/index.js';

const CALLS = 16;
const CHUNK = 2_000;
/** Shares of the fastest measurements that are looked at: interruptions only ever make one slower. */
const CROPS = [1, 0.99, 0.95, 0.9, 0.75, 0.5];

/**
 * Does the time of `constantTimeEqual` depend on what it compares? After dudect (Reparaz, Balasch, Verbauwhede
 * 2017): two classes of input in random order, and Welch's t-test on their times. |t| under 4.5 is usually taken
 * for no evidence of a difference; `equal / equal` shows what the machine's noise alone makes. A figure, not a proof.
 */
export async function run({ quick }) {
  const samples = quick ? 50_000 : 400_000;
  const pairs = [
    ['first differs', 'last differs', true],
    ['last differs', 'equal', false], // The caller learns this one anyway.
    ['equal', 'equal', false],
  ];
  return pairs.map(([a, b, threshold]) => ({
    row: `constantTimeEqual: ${a} / ${b}`,
    ours: largestT(CLASSES[a], CLASSES[b], samples),
    unit: '|t|',
    ...(threshold && { budget: { atMost: 4.5 } }),
  }));
}

const CLASSES = {
  'first differs': (text) => (text[0] === '0' ? '1' : '0') + text.slice(1),
  'last differs': (text) => text.slice(0, -1) + (text.at(-1) === '0' ? '1' : '0'),
  equal: (text) => text,
};

function largestT(first, second, samples) {
  const expected = randomBytes(32).toString('hex');
  measure(expected, first, second, 20_000);
  const [a, b] = measure(expected, first, second, samples);
  const all = [...a, ...b].sort((x, y) => x - y);
  const ts = CROPS.map((share) => {
    const limit = all[Math.ceil(all.length * share) - 1];
    return Math.abs(
      welch(
        a.filter((x) => x <= limit),
        b.filter((x) => x <= limit),
      ),
    );
  });
  return Math.max(...ts);
}

function measure(expected, first, second, samples) {
  const times = [[], []];
  for (let done = 0; done < samples * 2; done += CHUNK) {
    // Texts are made before any is timed, and from bytes, so that both classes have the same representation.
    const classes = Array.from(randomBytes(CHUNK), (byte) => byte & 1);
    const texts = classes.map((which) => textOf((which === 0 ? first : second)(expected)));
    for (let i = 0; i < CHUNK; i++) {
      const presented = texts[i];
      const start = process.hrtime.bigint();
      for (let call = 0; call < CALLS; call++) constantTimeEqual(expected, presented);
      times[classes[i]].push(Number(process.hrtime.bigint() - start));
    }
  }
  return times;
}

function textOf(text) {
  return Buffer.from(text).toString('latin1');
}

function welch(a, b) {
  const x = moments(a);
  const y = moments(b);
  return (x.mean - y.mean) / Math.sqrt(x.variance / a.length + y.variance / b.length);
}

function moments(values) {
  let mean = 0;
  let squares = 0;
  values.forEach((value, i) => {
    const delta = value - mean;
    mean += delta / (i + 1);
    squares += delta * (value - mean);
  });
  return { mean, variance: squares / (values.length - 1) };
}
