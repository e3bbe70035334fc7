// A reader of the test vectors in another language: it makes every update from the numbers of the files alone.
//
//   node tests/programs/run_vectors.mjs optim/vectors/*.json
//
// It prints, as JSON, how many vectors it read, how many rules it knows how to make, and which of them failed.
import { readFileSync } from "node:fs";

const sum = (a) => a.reduce((s, v) => s + v, 0);
const norm = (a) => Math.sqrt(sum(a.map((v) => v * v)));
const rms = (a) => Math.sqrt(sum(a.map((v) => v * v)) / a.length);
const zip = (f, ...arrays) => arrays[0].map((_, i) => f(...arrays.map((a) => a[i])));
const zeros = (n) => new Array(n).fill(0);

/** The value of a C99 hexadecimal float. */
function fromHex(text) {
  if (!text.includes("0x")) return { nan: NaN, inf: Infinity, "-inf": -Infinity }[text];
  const [, sign, whole, part, exponent] = /^(-?)0x(\d)\.?([0-9a-f]*)p([+-]\d+)$/.exec(text);
  const digits = BigInt(`0x${whole}${part}`);
  // Halving twice is exact where 2 to the exponent itself is too small.
  const scale = Number(exponent) - 4 * part.length, half = Math.trunc(scale / 2);
  return (sign ? -1 : 1) * Number(digits) * 2 ** half * 2 ** (scale - half);
}

/** Split a vector into its layers. */
function layers(x, shapes) {
  let begin = 0;
  return shapes.map((shape) => {
    const size = shape.reduce((p, n) => p * n, 1);
    begin += size;
    return { shape, begin: begin - size, values: x.slice(begin - size, begin) };
  });
}

const rows = (values, n) => Array.from({ length: values.length / n }, (_, i) => values.slice(i * n, (i + 1) * n));
const transposed = (A) => A[0].map((_, j) => A.map((row) => row[j]));
const times = (A, B) => A.map((row) => transposed(B).map((column) => sum(zip((a, b) => a * b, row, column))));

function orthogonal(X, [a, b, c], iterations) {
  const tall = X.length > X[0].length;
  if (tall) X = transposed(X);
  for (let k = 0; k < iterations; k++) {
    const A = times(X, transposed(X)), AA = times(A, A);
    const P = zip((p, q) => zip((u, v) => b * u + c * v, p, q), A, AA);
    X = zip((p, q) => zip((u, v) => a * u + v, p, q), X, times(P, X));
  }
  return tall ? transposed(X) : X;
}

function adam(h, m, v, t) {
  return zip((a, b) => {
    const root = Math.sqrt(b / (1 - h.beta2 ** t));
    const eps = h.eps_hat ? h.eps / Math.sqrt(1 - h.beta2 ** t) : h.eps;
    return a / (1 - h.beta1 ** t) / (root + eps);
  }, m, v);
}

const average = (beta, m, g) => zip((a, b) => beta * a + (1 - beta) * b, m, g);
const squares = (g) => g.map((v) => v * v);
const muons = {
  Muon: {
    gather: (h, m, g) => average(h.momentum, m, g),
    ahead: (h, m, g) => average(h.momentum, m, g),
    scale: (h, m, n) => Math.sqrt(Math.max(1, m / n)),
    rest: (h, x, g, m, v, t) => zip((d, at) => h.adam_ratio * (d + h.adam_weight_decay * at), adam({ ...h, eps: h.adam_eps }, m, v, t), x),
  },
  KerasMuon: {
    gather: (h, m, g) => zip((a, b) => h.momentum * a + b, m, g),
    ahead: (h, m, g) => zip((a, b) => b + h.momentum * a, m, g),
    scale: (h, m, n) => (h.rms === null ? 1 : Math.sqrt(Math.max(m, n)) * h.rms),
    rest: (h, x, g, m, v, t) =>
      zip((d, at) => h.adam_ratio * d + h.adam_weight_decay * at, adam({ ...h, eps: h.adam_eps, eps_hat: true }, m, v, t), x),
  },
};

// Each rule: what it remembers at first, and one update; `s` is its memory, `t` counts from 1.
const RULES = {
  SGD: [() => ({}), (h, x, g) => zip((a, b) => a - h.lr * b, x, g)],
  Momentum: [(d) => ({ v: zeros(d) }), (h, x, g, s, t) => {
    const damped = h.undamped_first && t === 1 ? 1 : 1 - h.dampening;
    s.v = zip((a, b) => h.momentum * a + damped * b, s.v, g);
    return zip((a, b) => a - h.lr * b, x, s.v);
  }],
  Nesterov: [(d) => ({ v: zeros(d) }), (h, x, g, s) => {
    s.v = zip((a, b) => h.momentum * a + b, s.v, g);
    return zip((a, b, v) => a - h.lr * (b + h.momentum * v), x, g, s.v);
  }],
  HeavyBall: [(d) => ({ v: zeros(d) }), (h, x, g, s) => {
    s.v = zip((a, b) => h.momentum * a - h.lr * b, s.v, g);
    return zip((a, b) => a + b, x, s.v);
  }],
  SignSGD: [() => ({}), (h, x, g) => zip((a, b) => a - h.lr * Math.sign(b), x, g)],
  Adagrad: [(d, h) => ({ s: zeros(d).map(() => h.initial) }), (h, x, g, s) => {
    s.s = zip((a, b) => a + b * b, s.s, g);
    return zip((a, b, q) => a - (h.lr * b) / (h.eps_inside ? Math.sqrt(q + h.eps) : Math.sqrt(q) + h.eps), x, g, s.s);
  }],
  Adam: [(d) => ({ m: zeros(d), v: zeros(d) }), (h, x, g, s, t) => {
    s.m = average(h.beta1, s.m, g);
    s.v = average(h.beta2, s.v, squares(g));
    return zip((a, d) => a - h.lr * d, x, adam(h, s.m, s.v, t));
  }],
  AdamW: [(d) => ({ m: zeros(d), v: zeros(d) }), (h, x, g, s, t) => {
    if (h.decay !== "decoupled") return null;
    s.m = average(h.beta1, s.m, g);
    s.v = average(h.beta2, s.v, squares(g));
    return zip((a, d) => a - h.lr * (d + h.weight_decay * a), x, adam(h, s.m, s.v, t));
  }],
  Lion: [(d) => ({ m: zeros(d) }), (h, x, g, s) => {
    const step = average(h.beta1, s.m, g).map(Math.sign);
    s.m = average(h.beta2, s.m, g);
    return zip((a, d) => a - h.lr * d, x, step);
  }],
  LAMB: [(d) => ({ m: zeros(d), v: zeros(d) }), (h, x, g, s, t) => {
    s.m = average(h.beta1, s.m, g);
    s.v = average(h.beta2, s.v, squares(g));
    const r = zip((d, a) => d + h.weight_decay * a, adam(h, s.m, s.v, t), x);
    return layers(x, h.shapes ?? [[x.length]]).flatMap(({ begin, values }) => {
      const step = r.slice(begin, begin + values.length), ours = norm(values), theirs = norm(step);
      const ratio = ours > 0 && theirs > 0 ? ours / theirs : 1;
      return zip((a, d) => a - h.lr * ratio * d, values, step);
    });
  }],
  Adafactor: [() => ({ of: [] }), (h, x, g, s, t) => {
    const share = t ** -h.decay, rate = h.relative ? Math.min(h.lr, 1 / Math.sqrt(t)) : h.lr;
    return layers(x, h.shapes ?? [[x.length]]).flatMap(({ shape, begin, values }, k) => {
      const slope = g.slice(begin, begin + values.length), q = slope.map((v) => v * v + h.eps1);
      const n = shape.at(-1), m = shape.length > 1 ? shape.at(-2) : 1, blocks = rows(q, shape.length > 1 ? m * n : q.length);
      const mixed = (old, now) => (old === undefined ? now.map((v) => share * v) : zip((a, b) => (1 - share) * a + share * b, old, now));
      const v = blocks.flatMap((block, j) => {
        const kept = (s.of[k] ??= {}), at = (kept[j] ??= {});
        if (shape.length < 2) return (at.v = mixed(at.v, block));
        const table = rows(block, n);
        at.R = mixed(at.R, table.map((row) => sum(row) / n));
        at.C = mixed(at.C, transposed(table).map((column) => sum(column) / m));
        const mean = sum(at.R) / m;
        return at.R.flatMap((r) => at.C.map((c) => (r / mean) * c));
      });
      const u = zip((a, b) => a / Math.sqrt(b), slope, v), clipped = Math.max(1, rms(u) / h.clip);
      return zip((a, d) => a - (rate * Math.max(h.eps2, rms(values)) * d) / clipped, values, u);
    });
  }],
  FTRL: [(d, h) => ({ z: zeros(d), n: zeros(d).map(() => h.initial) }), (h, x, g, s) => {
    const before = s.n;
    s.n = zip((a, b) => a + b * b, before, g);
    s.z = zip((z, b, n, o, a) => z + b + 2 * h.shrinkage * a - ((Math.sqrt(n) - Math.sqrt(o)) / h.lr) * a, s.z, g, s.n, before, x);
    return zip((z, n) => (Math.max(-h.l1, Math.min(h.l1, z)) - z) / ((h.beta + Math.sqrt(n)) / h.lr + h.l2), s.z, s.n);
  }],
};
for (const [name, kind] of Object.entries(muons)) {
  RULES[name] = [(d) => ({ m: zeros(d), v: zeros(d) }), (h, x, g, s, t) => {
    const parts = layers(x, h.shapes ?? [[x.length]]);
    const matrix = parts.flatMap(({ shape, values }) => values.map(() => shape.length === 2));
    const gathered = kind.gather(h, s.m, g), plain = average(h.beta1, s.m, g), v = average(h.beta2, s.v, squares(g));
    s.m = zip((is, a, b) => (is ? a : b), matrix, gathered, plain);
    s.v = zip((is, a, b) => (is ? a : b), matrix, s.v, v);
    const momentum = h.nesterov ? kind.ahead(h, s.m, g) : s.m, rest = kind.rest(h, x, g, s.m, s.v, t);
    return parts.flatMap(({ shape, begin, values }) => {
      const here = (a) => a.slice(begin, begin + values.length);
      if (shape.length !== 2) return zip((a, d) => a - h.lr * d, values, here(rest));
      const B = here(momentum), length = norm(B) + h.eps, factor = kind.scale(h, ...shape);
      const O = orthogonal(rows(B.map((b) => b / length), shape[1]), h.coefficients, h.iterations).flat();
      return zip((a, o) => a - h.lr * (factor * o + h.weight_decay * a), values, O);
    });
  }];
}

/** The largest difference of two runs, relative to the largest move so far; nan equals nan. */
function difference(points, expected, x0) {
  const moved = zeros(x0.length);
  let worst = 0;
  expected.forEach((row, n) => row.forEach((b, i) => {
    const a = points[n][i];
    moved[i] = Math.max(moved[i], Math.abs(b - x0[i]));
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return;
    const by = Math.abs(a - b) / Math.max(moved[i], 1e-12 * Math.abs(b));
    worst = Math.max(worst, Number.isNaN(by) ? Infinity : by);
  }));
  return worst;
}

const report = { read: 0, made: 0, passed: 0, rules: {}, failed: [] };
for (const path of process.argv.slice(2)) {
  const file = JSON.parse(readFileSync(path, "utf8"));
  for (const vector of file.vectors) {
    report.read++;
    const expected = vector.x_hex.map((row) => row.map(fromHex));
    const written = vector.x.map((row) => row.map(Number));
    if (difference(written.map((row, n) => row.map((v, i) => (Number.isNaN(v) && !Number.isFinite(expected[n][i]) ? expected[n][i] : v))), expected, expected[0]) > 0)
      report.failed.push(`${vector.name}: x and x_hex differ`);
    const { class: name, ...numbers } = vector.optimizer;
    const rule = RULES[name];
    if (!rule || vector.dtype !== "float64") continue;
    const { x0, gradients } = file.streams[vector.stream];
    const h = { ...numbers }, state = rule[0](x0.length, h), points = [];
    let x = x0;
    for (let n = 0; n < gradients.length && x !== null; n++) {
      x = rule[1]({ ...h, lr: vector.rates[n] }, x, gradients[n], state, n + 1);
      points.push(x);
    }
    if (x === null) continue;
    report.made++;
    report.rules[name] = (report.rules[name] ?? 0) + 1;
    const by = difference(points, expected, x0);
    if (by <= vector.tolerance) report.passed++;
    else report.failed.push(`${vector.name}: ${by}`);
  }
}
console.log(JSON.stringify(report));
