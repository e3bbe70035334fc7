// Runs experiments with the generated engine: `node runner.js engine.js < experiments.json > results.json`.
const fs = require("fs");


new Function(fs.readFileSync(process.argv[2], "utf8"))();
const engine = globalThis.ENGINE;
const asked = JSON.parse(fs.readFileSync(0, "utf8"), (_, v) => (v === "nan" ? NaN : v === "inf" ? Infinity : v === "-inf" ? -Infinity : v));
const bits = (a) => Buffer.from(Float64Array.from(a).buffer).toString("base64");

const answers = asked.map((task) => {
  if (task.learn) return engine.learnPowers(task.learn);
  if (task.print) return task.print.map(([name, x, digits]) => engine[name](x, digits));
  if (task.timetable) return bits(Float64Array.from({ length: task.steps }, (_, n) => engine.TIMETABLES[task.timetable](n, task.numbers)));
  const problem = { ...task.facts, ...engine.LANDSCAPES[task.landscape] };
  const schedules = new Map(task.schedules.map(({ at, name, numbers, table }) => {
    const held = table && engine.unpacked(table);
    return [at, held ? (n) => held[Math.min(n, held.length - 1)] : (n) => engine.TIMETABLES[name](n, numbers)];
  }));
  const rule = { ...task.rule, ...engine.RULES[task.rule.name] };
  const driver = { rule, numbers: task.numbers, schedules };
  if (task.explain !== undefined) {
    const run = engine.descend(problem, driver, task.x0, task.steps), { S, h } = engine.stateBefore(run, driver, task.explain);
    const told = [];
    rule.update(S.slice(), run.dim, h, told);
    return told;
  }
  const noise = task.noise ? { table: engine.unpacked(task.noise.table), sigma: task.noise.sigma } : null;
  const run = engine.descend(problem, driver, task.x0, task.steps, noise);
  const found = engine.diagnose(run);
  return {
    x: bits(run.x), f: bits(run.f), rate: bits(run.rate), output: run.output && bits(run.output),
    overshoot: [...run.overshoot].join(""), nit: run.nit, diverged: run.diverged,
    verdict: found.verdict, settled: found.settled, reason: found.reason,
  };
});
process.stdout.write(JSON.stringify(answers));
